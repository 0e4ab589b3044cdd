"""What a server's connections and its caches take of its memory."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, model_validator

from sim.units import PositiveSize, Size


class MemoryUse(BaseModel):
    """Bytes that a server's software takes on a machine, written such as "41 kB".

    Attributes:
        process: the server without connections; of each worker process where it has several.
        connection_handshake: a connection from TCP's handshake until TLS's is completed.
        connection_open: a connection whose TLS handshake is completed, until it is closed.
        connection_plain: a connection without TLS.
        session_entry: a session in a cache; 250 bytes where no profile says it.

    Other figures that are not given are those of the base profile, else 0. What the kernel takes
    for sockets is in none of the built-in ones.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    process: Size = 0
    connection_handshake: Size = 0
    connection_open: Size = 0
    connection_plain: Size = 0
    session_entry: PositiveSize = 250

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError(
                "`memory` has no figure; give at least one, such as connection_open = "
                '"15 kB", or remove it'
            )
        return self

    def over(self, base: MemoryUse | None) -> MemoryUse:
        """These figures, and the base's where they are not given."""
        return self if base is None else base.model_copy(update=self.model_dump(exclude_unset=True))

    def connections(self, handshakes: int, opened: int) -> int:
        """Bytes of so many connections whose handshake goes on, and so many where it is over."""
        return handshakes * self.connection_handshake + opened * self.connection_open
