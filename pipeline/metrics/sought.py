"""Which rows of a Parquet file are sought, and which of its row groups can hold any of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import reduce
from operator import and_
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq


@dataclass(frozen=True)
class Sought:
    """What is asked of the rows.

    Args:
        codes: columns, and the values one of which must stand there; None among them is an empty cell.
        from_on: columns, and the least value; an empty cell passes, such as the exit of who has not left.
        below: columns, and the value that theirs must be less than.
    """

    codes: Mapping[str, Collection[Any]] = field(default_factory=dict)
    from_on: Mapping[str, Any] = field(default_factory=dict)
    below: Mapping[str, Any] = field(default_factory=dict)

    def condition(self) -> pc.Expression:
        """As an expression over the columns."""
        asked = [_is_one_of(pc.field(name), values) for name, values in self.codes.items()]
        asked += [
            pc.field(name).is_null() | (pc.field(name) >= least) for name, least in self.from_on.items()
        ]
        asked += [pc.field(name) < bound for name, bound in self.below.items()]
        return reduce(and_, asked, pc.scalar(True))


def _is_one_of(column: pc.Expression, values: Collection[Any]) -> pc.Expression:
    told = [value for value in values if value is not None]
    found = column.isin(pa.array(told)) if told else pc.scalar(False)
    return found | column.is_null() if None in values else found


class Footer:
    """What a file tells of its row groups: how many rows it has, and between which values those of a group lie."""

    def __init__(self, metadata: pq.FileMetaData) -> None:
        self.metadata = metadata
        self.num_rows: int = metadata.num_rows
        self._places = {name: place for place, name in enumerate(metadata.schema.names)}
        self._bounds: dict[str, tuple[list[Any], list[Any], list[bool]]] = {}

    def groups(self, sought: Sought) -> list[int]:
        """The row groups that can hold what is sought, in order."""
        can = np.ones(self.metadata.num_row_groups, bool)
        for name, values in sought.codes.items():
            can &= self._can_be(name, values)
        for name, least in sought.from_on.items():
            _, largest, has_empty = self._of(name)
            can &= [
                empty or most is None or most >= least for most, empty in zip(largest, has_empty, strict=True)
            ]
        for name, bound in sought.below.items():
            can &= [least is None or least < bound for least in self._of(name)[0]]
        return [int(group) for group in np.flatnonzero(can)]

    def _can_be(self, name: str, values: Collection[Any]) -> npt.NDArray[np.bool_]:
        told, wants_empty = [value for value in values if value is not None], None in values
        return np.array(
            [
                (wants_empty and empty) or least is None or any(least <= value <= most for value in told)
                for least, most, empty in zip(*self._of(name), strict=True)
            ],
            bool,
        )

    def _of(self, name: str) -> tuple[list[Any], list[Any], list[bool]]:
        """Of each row group the least and the largest value of a column (None where it is not told), and whether a cell
        may be empty."""
        if name not in self._bounds:
            place = self._places[name]
            told = [
                self.metadata.row_group(group).column(place).statistics
                for group in range(self.metadata.num_row_groups)
            ]
            known = [one is not None and one.has_min_max for one in told]
            self._bounds[name] = (
                [one.min if is_known else None for one, is_known in zip(told, known, strict=True)],
                [one.max if is_known else None for one, is_known in zip(told, known, strict=True)],
                [one is None or not one.has_null_count or one.null_count > 0 for one in told],
            )
        return self._bounds[name]
