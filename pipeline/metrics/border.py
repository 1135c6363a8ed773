"""Border watch: the three lines of defence of biosecurity. Never mixed into a figure about dangerous goods."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa

from pipeline.errors import UserMistake
from pipeline.metrics.question import Question
from pipeline.metrics.registry import Metric, register

BY_COLUMNS = {
    "month": "month_starts_on",
    "port": "un_location_code",
    "channel": "channel",
    "hazard_type": "hazard_type",
    "hazard": "hazard_name",
    "origin": "origin_country",
}
"""What `border_interceptions --by` takes, and the columns that follow it."""
DEFAULT_BY = ("month", "port", "channel", "hazard_type")
MEASURES = (
    "interceptions",
    "species",
    "occurrences",
    "batches",
    "without_species",
    "without_occurrences",
    "without_batches",
)
TRIGGER_COLUMNS = (
    "hazard_type",
    "hazard_name",
    "origin_country",
    "started_on",
    "last_on",
    "is_on",
    "days_on",
    "most_points",
    "points",
    "is_escalated",
    "bans",
    "first_detections",
)
NOTICE_COLUMNS = (
    "alert_id",
    "defence_line",
    "alert_type",
    "hazard_type",
    "hazard_name",
    "origin_country",
    "commodity",
    "issued_at",
    "effective_to",
    "state",
    "ends_in_days",
    "supersedes",
    "superseded_by",
    "superseded_at",
)
ACTION_COLUMNS = (
    "action_id",
    "agency",
    "action_type",
    "linked_id",
    "hazard_type",
    "hazard_name",
    "origin_country",
    "opened_at",
    "closed_at",
    "is_open",
    "open_days",
    "took_days",
    "outcome",
)


def _refuse(question: Question, takes_ports: bool = False) -> None:
    """Raise `UserMistake` for what does not act on the border."""
    asked = question.filters
    if asked.classes or asked.direction:
        raise UserMistake("the border has no classes and no directions of dangerous goods", "Ask for days.")
    if asked.ports and not takes_ports:
        raise UserMistake("this report is of the whole border", "Ports act on border_interceptions.")


def border(question: Question) -> pd.DataFrame:
    """The report `border`: a row a multi-point trigger, the latest first."""
    _refuse(question)
    return question.frame("border_report")


def border_alerts(question: Question) -> pd.DataFrame:
    """The report `border_alerts`: notices, alerts and bans, active or issued in the days asked for."""
    _refuse(question)
    return question.frame("border_notices_report")


def border_interceptions(question: Question) -> pd.DataFrame:
    """The report `border_interceptions`: the columns of `by` in the order asked, then the measures side by side."""
    _refuse(question, takes_ports=True)
    by = question.filters.by or DEFAULT_BY
    if len(set(by)) < len(by) or not set(by) <= BY_COLUMNS.keys():
        raise UserMistake(
            f"--by {','.join(by)}: a column is unknown, or comes twice",
            f"A comma list out of {','.join(BY_COLUMNS)}.",
        )
    flags = {f"by_{name}": [name in by] for name in BY_COLUMNS}
    question.engine.register_arrow("asked_border", pa.table(flags))
    return question.frame("caught_by")[[BY_COLUMNS[name] for name in by] + list(MEASURES)]


def border_actions(question: Question) -> pd.DataFrame:
    """The report `border_actions`: domestic actions, open or opened in the days asked for."""
    _refuse(question)
    return question.frame("actions_report")


def border_lag(question: Question) -> pd.DataFrame:
    """The report `border_lag`: how long from a notice to the first interception of what it warns of."""
    _refuse(question)
    return question.frame("lag_medians")


_APART = (
    "Of biosecurity alone: in no figure about dangerous goods, and no figure about dangerous goods in it."
)
_APART_ZH = "仅属生物安全：不计入任何危险货物指标，任何危险货物指标也不计入其中。"

register(
    Metric(
        key="border",
        title="Border triggers",
        title_zh="口岸多点触发",
        unit="lines or channels",
        grain="one row a run of days on which two or more lines or channels had fired for a hazard of one origin",
        definition="A hazard of one origin is on where two or more lines of defence or channels fired for it within 30 "
        "days. Overseas: a notice. Port: an interception, by channel (cargo, mail, passenger, conveyance); a notice of "
        "the port line counts where no channel fired. Domestic: a notice, or an action linked to a notice or "
        "interception of the hazard. A ban in force escalates it, and so does a first detection at a port that has "
        "reported interceptions for 90 days.",
        definition_zh="同一来源的某项危害，30 日内两道及以上防线或渠道有动静即触发。境外：通报。口岸：截获，按渠道"
        "（货物、邮件、旅客、运输工具）；无渠道触发时口岸警示计一点。境内：通报，或与该危害的通报、截获关联的行动。"
        "有效禁令使其升级；已报送截获 90 日以上的口岸首次检出亦然。",
        sql="border_report",
        family="border",
        columns=TRIGGER_COLUMNS,
        compute=border,
        caveats=f"{_APART} Window and number of points are rows of `alert_rules`. Hazards are matched by type, name and "
        "origin as written; without an origin they are a combination of their own.",
        caveats_zh=f"{_APART_ZH}窗口与点数见 `alert_rules`。危害按类型、名称和来源的原文匹配；未注明来源者自成一组。",
        source="dgwatch definitions; three lines of defence of China Customs (SCIO briefing 2024-08)",
        is_report=True,
    ),
    Metric(
        key="border_alerts",
        title="Notices, alerts and bans",
        title_zh="通报、警示与禁令",
        unit="notices",
        grain="one row a notice that is active, or was issued in the days asked for",
        definition="Active: issued, not past effective_to and not superseded by a later notice that names it in "
        "supersedes. ended: effective_to came first; superseded: the later notice did.",
        definition_zh="有效：已发布、未过 effective_to，且未被后来在 supersedes 中指明它的通报取代。"
        "ended：先到期；superseded：先被取代。",
        sql="border_notices_report",
        family="border",
        columns=NOTICE_COLUMNS,
        compute=border_alerts,
        caveats=_APART,
        caveats_zh=_APART_ZH,
        source="dgwatch definitions",
        is_report=True,
    ),
    Metric(
        key="border_interceptions",
        title="Interceptions",
        title_zh="口岸截获",
        unit="interceptions; species, occurrences and batches each by itself",
        grain="one row a combination of the columns asked for (--by)",
        definition="Interceptions, and the species, occurrences and batches that they report, as four columns that are "
        "never added together. A sum leaves out rows that do not tell; without_ says how many. Days and months are of "
        "the port.",
        definition_zh="截获起数，及其报告的种数、次数、批数：各为一列，互不相加。合计不含未注明的行，without_ 为其行数。"
        "日、月为口岸当地。",
        sql="caught_by",
        family="border",
        columns=(*(BY_COLUMNS[name] for name in DEFAULT_BY), *MEASURES),
        compute=border_interceptions,
        caveats=f"{_APART} A species that two interceptions report counts twice in species: the rows do not say which "
        "species they are.",
        caveats_zh=f"{_APART_ZH}两次截获报告的同一物种在种数中计两次：数据行未说明是哪些物种。",
        source="dgwatch definitions",
        is_report=True,
        options=("by",),
    ),
    Metric(
        key="border_actions",
        title="Domestic actions",
        title_zh="境内行动",
        unit="actions",
        grain="one row an action that is open, or was opened in the days asked for",
        definition="Open: not closed by as_of; open_days since it was opened. Closed: took_days from opening to "
        "closing. The hazard is that of the notice or interception that linked_id names.",
        definition_zh="未结：截至 as_of 未关闭；open_days 为已开天数。已结：took_days 为自开启至关闭的天数。"
        "危害取 linked_id 所指通报或截获的危害。",
        sql="actions_report",
        family="border",
        columns=ACTION_COLUMNS,
        compute=border_actions,
        caveats=_APART,
        caveats_zh=_APART_ZH,
        source="dgwatch definitions",
        is_report=True,
    ),
    Metric(
        key="border_lag",
        title="From notice to first interception",
        title_zh="通报至首次截获",
        unit="days",
        grain="one row a kind of notice, and one of all",
        definition="Days from a notice to the first interception of its hazard and origin while it was in force. The "
        "median is Kaplan-Meier: a notice without one is followed to its end, else to as_of. Where the curve does not "
        "come down to one half the median is not reached, and there is no number.",
        definition_zh="自通报至其有效期内同一危害、同一来源首次截获的天数。中位数按 Kaplan-Meier："
        "尚无截获的通报跟踪至其到期，否则至 as_of。曲线未降至一半则为“未达到”，不给数值。",
        sql="lag_medians",
        family="border",
        columns=("alert_type", "notices", "reached", "not_reached", "median_days", "flags"),
        compute=border_lag,
        caveats=f"{_APART} More looking shortens the lag as much as more arriving does.",
        caveats_zh=f"{_APART_ZH}查得多与来得多同样会缩短时滞。",
        source="Kaplan and Meier 1958",
        is_report=True,
    ),
)
