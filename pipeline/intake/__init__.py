"""Reading and checking files: from what was handed in to typed rows, rejected rows and counts."""

from pipeline.intake.refusals import FileRefused
from pipeline.intake.take import IntakeSettings, TakenFile, digest, source_of, take_file

__all__ = ["FileRefused", "IntakeSettings", "TakenFile", "digest", "source_of", "take_file"]
