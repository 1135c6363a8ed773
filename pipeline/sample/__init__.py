"""The sample port world: invented source files by the contract, from one calendar of port days."""

from pipeline.sample.settings import SampleSettings, SampleSummary
from pipeline.sample.write import sample_truth, write_sample

__all__ = ["SampleSettings", "SampleSummary", "sample_truth", "write_sample"]
