"""The dangerous goods of the sample world: about eighty UN numbers with their share of the traffic.

UN numbers, names, classes, subsidiary risks and packing groups are of 49 CFR 172.101 (2019). Shares and
temperatures are invented, of the order that chemical ports see.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Good:
    """One kind of goods as declared. Temperatures in degrees Celsius, `share` within its class."""

    un_number: str
    name: str
    imo_class: str
    share: float
    packing_group: str = ""
    subsidiary_1: str = ""
    subsidiary_2: str = ""
    flashpoint_c: float | None = None
    sadt_c: float | None = None
    control_temp_c: float | None = None
    emergency_temp_c: float | None = None
    is_marine_pollutant: bool = False


CLASS_SHARES: dict[str, float] = {
    "3": 0.300, "8": 0.220, "9": 0.140, "6.1": 0.090, "5.1": 0.062, "4.1": 0.042, "4.2": 0.014, "4.3": 0.017,
    "2.1": 0.045, "2.2": 0.035, "2.3": 0.004, "5.2": 0.010, "1.4S": 0.014, "7": 0.002, "6.2": 0.005,
}  # fmt: skip
"""Share of batches by class of the first item."""

YARD_GROUPS: dict[str, str] = {
    "1.4S": "E", "2.1": "A", "2.2": "A", "2.3": "T", "3": "B", "4.1": "F", "4.2": "G", "4.3": "H", "5.1": "K",
    "5.2": "L", "6.1": "C", "6.2": "C", "7": "R", "8": "C", "9": "D",
}  # fmt: skip
"""The letter of the yard block that a class is stowed in, so that most incompatible classes lie apart."""

GOODS: tuple[Good, ...] = (
    Good("1203", "Gasoline", "3", 0.03, "II", flashpoint_c=-40),
    Good("1263", "Paint including paint, lacquer, enamel, stain", "3", 0.24, "III", flashpoint_c=27),
    Good("1263", "Paint related material", "3", 0.06, "II", flashpoint_c=4),
    Good("1170", "Ethanol or Ethyl alcohol", "3", 0.08, "II", flashpoint_c=13),
    Good("1219", "Isopropanol or Isopropyl alcohol", "3", 0.08, "II", flashpoint_c=12),
    Good("1993", "Flammable liquids, n.o.s.", "3", 0.12, "III", flashpoint_c=38),
    Good("1866", "Resin Solution, flammable", "3", 0.10, "III", flashpoint_c=31),
    Good("1230", "Methanol", "3", 0.04, "II", "6.1", flashpoint_c=11),
    Good("1294", "Toluene", "3", 0.04, "II", flashpoint_c=4),
    Good("1307", "Xylenes", "3", 0.05, "III", flashpoint_c=27),
    Good("1173", "Ethyl acetate", "3", 0.05, "II", flashpoint_c=-4),
    Good("1193", "Ethyl methyl ketone or Methyl ethyl ketone", "3", 0.03, "II", flashpoint_c=-9),
    Good("2055", "Styrene monomer, stabilized", "3", 0.02, "III", flashpoint_c=31),
    Good("1133", "Adhesives, containing a flammable liquid", "3", 0.06, "II", flashpoint_c=15),
    Good("1789", "Hydrochloric acid", "8", 0.06, "II"),
    Good("1824", "Sodium hydroxide solution", "8", 0.17, "II"),
    Good("1830", "Sulfuric acid with more than 51 percent acid", "8", 0.07, "II"),
    Good("1760", "Corrosive liquids, n.o.s", "8", 0.17, "III"),
    Good("1805", "Phosphoric acid solution", "8", 0.08, "III"),
    Good("2031", "Nitric acid other than red fuming, with at least 65 percent", "8", 0.03, "II", "5.1"),
    Good("1791", "Hypochlorite solutions", "8", 0.05, "III", is_marine_pollutant=True),
    Good("2794", "Batteries, wet, filled with acid, electric storage", "8", 0.10),
    Good("2735", "Amines, liquid, corrosive, n.o.s.", "8", 0.09, "II"),
    Good("2796", "Battery fluid, acid", "8", 0.03, "II"),
    Good("3265", "Corrosive liquid, acidic, organic, n.o.s", "8", 0.09, "III"),
    Good("3266", "Corrosive liquid, basic, inorganic, n.o.s", "8", 0.06, "II"),
    Good("3480", "Lithium ion batteries including lithium ion polymer batteries", "9", 0.32),
    Good("3481", "Lithium ion batteries contained in equipment", "9", 0.20),
    Good("3091", "Lithium metal batteries contained in equipment", "9", 0.04),
    Good("3077", "Environmentally hazardous substance, solid, n.o.s", "9", 0.18, "III",
         is_marine_pollutant=True),
    Good("3082", "Environmentally hazardous substance, liquid, n.o.s.", "9", 0.16, "III",
         is_marine_pollutant=True),
    Good("2211", "Polymeric beads expandable, evolving flammable vapor", "9", 0.06, "III"),
    Good("3268", "Safety devices, electrically initiated", "9", 0.04),
    Good("1888", "Chloroform", "6.1", 0.07, "III"),
    Good("1593", "Dichloromethane", "6.1", 0.18, "III"),
    Good("2810", "Toxic, liquids, organic, n.o.s.", "6.1", 0.20, "III"),
    Good("2811", "Toxic solids, organic, n.o.s.", "6.1", 0.17, "III"),
    Good("1710", "Trichloroethylene", "6.1", 0.06, "III"),
    Good("2078", "Toluene diisocyanate", "6.1", 0.13, "II"),
    Good("1547", "Aniline", "6.1", 0.05, "II", is_marine_pollutant=True),
    Good("1671", "Phenol, solid", "6.1", 0.04, "II"),
    Good("2902", "Pesticides, liquid, toxic, n.o.s.", "6.1", 0.10, "III", is_marine_pollutant=True),
    Good("3373", "Biological substance, Category B", "6.2", 1.0),
    Good("1942", "Ammonium nitrate, with not more than 0.2% combustible substances", "5.1", 0.12, "III"),
    Good("1479", "Oxidizing solid, n.o.s.", "5.1", 0.20, "III"),
    Good("1495", "Sodium chlorate", "5.1", 0.12, "II"),
    Good("1498", "Sodium nitrate", "5.1", 0.14, "III"),
    Good("2014", "Hydrogen, peroxide, aqueous solutions with more than 40 percent", "5.1", 0.14, "II", "8"),
    Good("1486", "Potassium nitrate", "5.1", 0.10, "III"),
    Good("1490", "Potassium permanganate", "5.1", 0.08, "II", is_marine_pollutant=True),
    Good("3378", "Sodium carbonate peroxyhydrate", "5.1", 0.10, "III"),
    Good("1325", "Flammable solids, organic, n.o.s.", "4.1", 0.34, "III"),
    Good("1350", "Sulfur", "4.1", 0.18, "III"),
    Good("2000", "Celluloid, in block, rods, rolls, sheets, tubes, etc.", "4.1", 0.12, "III"),
    Good("1334", "Naphthalene, refined", "4.1", 0.16, "III", is_marine_pollutant=True),
    Good("1309", "Aluminum powder, coated", "4.1", 0.12, "III"),
    Good("3226", "Self-reactive solid type D", "4.1", 0.08, "", sadt_c=55),
    Good("1361", "Carbon, animal or vegetable origin", "4.2", 0.45, "III"),
    Good("1362", "Carbon, activated", "4.2", 0.35, "III"),
    Good("3088", "Self-heating solid, organic, n.o.s", "4.2", 0.20, "III"),
    Good("1428", "Sodium", "4.3", 0.15, "I"),
    Good("1402", "Calcium carbide", "4.3", 0.30, "II"),
    Good("1396", "Aluminum powder, uncoated", "4.3", 0.25, "III"),
    Good("3170", "Aluminum smelting by-products or Aluminum remelting by-products", "4.3", 0.30, "III"),
    Good("1950", "Aerosols, flammable", "2.1", 0.55),
    Good("1075", "Petroleum gases, liquefied or Liquefied petroleum gas", "2.1", 0.10),
    Good("1011", "Butane", "2.1", 0.10),
    Good("1057", "Lighters containing flammable gas", "2.1", 0.25),
    Good("1044", "Fire extinguishers containing compressed or liquefied gas", "2.2", 0.20),
    Good("1013", "Carbon dioxide", "2.2", 0.10),
    Good("1006", "Argon, compressed", "2.2", 0.10),
    Good("3159", "1,1,1,2-Tetrafluoroethane or Refrigerant gas R 134a", "2.2", 0.40),
    Good("2857", "Refrigerating machines, containing non-flammable, non-toxic gases", "2.2", 0.20),
    Good("1017", "Chlorine", "2.3", 0.35, "", "5.1", "8"),
    Good("1079", "Sulfur dioxide", "2.3", 0.65, "", "8"),
    Good("3105", "Organic peroxide type D, liquid", "5.2", 0.30, sadt_c=60),
    Good("3109", "Organic peroxide type F, liquid", "5.2", 0.40, sadt_c=60),
    Good("3115", "Organic peroxide type D, liquid, temperature controlled", "5.2", 0.30, sadt_c=20,
         control_temp_c=10, emergency_temp_c=15),
    Good("0337", "Fireworks", "1.4S", 0.45),
    Good("0012", "Cartridges, small arms", "1.4S", 0.30),
    Good("0432", "Articles, pyrotechnic for technical purposes", "1.4S", 0.25),
    Good("2915", "Radioactive material, Type A package non-special form", "7", 0.60),
    Good("2912", "Radioactive material, low specific activity (LSA-I) non fissile", "7", 0.40),
)  # fmt: skip
