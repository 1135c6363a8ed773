"""The SQL models: one `.sql` file a table, and which of them reads which.

A model's name is its file's stem. What it reads is whatever stands after FROM or JOIN; a name that is a model too
is computed first. So adding a model is adding a file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, cached_property
from hashlib import sha256
from pathlib import Path

SQL_ROOT = Path(__file__).parent.parent / "sql"
_COMMENT = re.compile(r"--[^\n]*")
# What follows IS [NOT] DISTINCT FROM is a column, not a relation.
_READS = re.compile(r"\b(?<!DISTINCT )(?:FROM|JOIN)\s+([a-z_]+)\b", re.IGNORECASE)
_STEPS = re.compile(r"\b([a-z_]+)\s+AS\s*\(\s*(?:SELECT|WITH)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Model:
    """One `.sql` file: its text and its grain (the first line)."""

    name: str
    room: str
    text: str
    grain: str
    is_view: bool
    """Cheaper to run again than to keep: its second line says `-- view`."""

    @cached_property
    def reads(self) -> tuple[str, ...]:
        """The relations it reads."""
        bare = _COMMENT.sub("", self.text)
        own_steps = {step.lower() for step in _STEPS.findall(bare)}
        read = (name.lower() for name in _READS.findall(bare))
        return tuple(dict.fromkeys(name for name in read if name not in own_steps))


def _model(path: Path) -> Model:
    text = path.read_text(encoding="utf-8")
    first_line, second_line = text.splitlines()[:2]
    if not first_line.startswith("-- grain: "):
        raise ValueError(f"{path.name}: the first line must tell the grain")
    grain = first_line.removeprefix("-- grain: ")
    return Model(path.stem, path.parent.name, text, grain, second_line == "-- view")


@cache
def all_models() -> dict[str, Model]:
    """Every model by its name."""
    found = [_model(path) for path in sorted(SQL_ROOT.rglob("*.sql"))]
    models = {model.name: model for model in found}
    if len(models) != len(found):
        raise ValueError("two models have one name")
    return models


@cache
def models_digest() -> str:
    """A digest of all models' texts: tables computed by other models are not ours."""
    texts = "\n".join(f"{name}\n{model.text}" for name, model in sorted(all_models().items()))
    return sha256(texts.encode()).hexdigest()
