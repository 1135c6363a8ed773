"""The sample port world: invented source files by the contract, from one calendar of port days."""

from pipeline.sample.settings import SampleSettings, SampleSummary
from pipeline.sample.write import write_sample

__all__ = ["SampleSettings", "SampleSummary", "write_sample"]
