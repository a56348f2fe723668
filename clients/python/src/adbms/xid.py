"""Two-phase commit's names of transactions."""
from __future__ import annotations

from typing import Any, Optional


class Xid:
    """A transaction's identity for two-phase commit."""

    def __init__(self, format_id: Optional[int], global_transaction_id: str,
                 branch_qualifier: Optional[str]) -> None:
        self.format_id = format_id
        self.gtrid = global_transaction_id
        self.bqual = branch_qualifier

    @staticmethod
    def of(gid: str) -> "Xid":
        parts = gid.split("_", 2)
        if len(parts) == 3 and parts[0].isdigit():
            return Xid(int(parts[0]), parts[1], parts[2])
        return Xid(None, gid, None)

    def literal(self) -> str:
        gid = self.gtrid if self.format_id is None else f"{self.format_id}_{self.gtrid}_{self.bqual}"
        return "'" + gid.replace("'", "''") + "'"

    def __getitem__(self, number: int) -> Any:
        return (self.format_id, self.gtrid, self.bqual)[number]

    def __repr__(self) -> str:
        return f"Xid({self.format_id}, {self.gtrid!r}, {self.bqual!r})"
