"""Reading and checking files: from what was handed in to typed rows, rejected rows and counts."""

from pipeline.intake.parts import write_part
from pipeline.intake.refusals import FileRefused
from pipeline.intake.take import Intake, IntakeSettings, TakenFile, digest, source_of, take_file, told_name

__all__ = [
    "FileRefused",
    "Intake",
    "IntakeSettings",
    "TakenFile",
    "digest",
    "source_of",
    "take_file",
    "told_name",
    "write_part",
]
