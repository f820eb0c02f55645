"""What a writer of results offers; the ledger hands it chunk after chunk."""

from scroogevm.sinks.record import Answer, Record


class Writer:
    """Writes one kind of result. Whatever it has no use for, it leaves as it is here."""

    def answer(self, record: Record, answer: Answer) -> None:
        """One strategy and resource of a chunk was judged."""

    def done(self, record: Record) -> None:
        """All answers of the chunk were handed over."""

    def close(self) -> None:
        """Every chunk is over: write what is to be written."""
