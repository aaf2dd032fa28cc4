"""Six trivial steps, each passes a number on: in Metaflow, which runs each in a process of its own."""

from metaflow import FlowSpec, step


class Six(FlowSpec):
    """One after the other; each step names the next."""

    @step
    def start(self):
        """The first number."""
        self.number = 1
        self.next(self.second)

    @step
    def second(self):
        """The next one."""
        self.number += 1
        self.next(self.third)

    @step
    def third(self):
        """The next one."""
        self.number += 1
        self.next(self.fourth)

    @step
    def fourth(self):
        """The next one."""
        self.number += 1
        self.next(self.fifth)

    @step
    def fifth(self):
        """The next one."""
        self.number += 1
        self.next(self.end)

    @step
    def end(self):
        """The last one."""
        self.number += 1
        if self.number != 6:
            raise ValueError(f"{self.number} instead of 6")


if __name__ == "__main__":
    Six()
