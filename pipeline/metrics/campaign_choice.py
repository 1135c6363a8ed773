"""Which campaign is asked for, and at which ports."""

from __future__ import annotations

import difflib
from typing import Any

from pipeline.errors import UserMistake
from pipeline.metrics.question import NOWHERE, Question


def chosen_campaign(question: Question) -> dict[str, Any]:
    """The campaign asked for. Raises `UserMistake` where there is none of that name."""
    rows = question.reference.table("campaigns").to_pylist()
    wanted = question.filters.campaign_id
    known = [row["campaign_id"] for row in rows]
    if wanted is None:
        raise UserMistake("which campaign?", f"Give --campaign, one of {', '.join(known)}.")
    for row in rows:
        if row["campaign_id"] == wanted:
            return dict(row)
    close = difflib.get_close_matches(wanted, known, n=1)
    hint = f"Did you mean {close[0]}?" if close else f"One of {', '.join(known)}."
    raise UserMistake(f"{wanted}: no such campaign", hint)


def campaign_ports(question: Question, campaign: dict[str, Any]) -> list[str]:
    """The own codes of the campaign's ports."""
    known = question.reference.port_of
    if campaign["ports"].strip().lower() == "all":
        return sorted(set(known.values()))
    codes = [code.strip().upper() for code in campaign["ports"].split(";") if code.strip()]
    missing = [code for code in codes if code not in known]
    if missing:
        raise UserMistake(
            f"{campaign['campaign_id']}: {', '.join(missing)} is not in the list of ports",
            "Mend campaigns.csv.",
        )
    return sorted({known[code] for code in codes})


def ports_asked(question: Question, campaign: dict[str, Any]) -> tuple[str, ...]:
    """The campaign's ports that the question asks for: all of them where it names none, `NOWHERE` where it has none."""
    ports = campaign_ports(question, campaign)
    wanted = question.ports or ports
    return tuple(port for port in ports if port in wanted) or (NOWHERE,)
