"""Histograms count as the reference library does, to the bit, and lose nothing when merged."""

from __future__ import annotations

import random
import statistics
from array import array
from typing import Any

import msgspec
import numpy as np
import pytest
from hdrh.histogram import HdrHistogram
from hypothesis import example, given
from hypothesis import strategies as st

from cortex_tui.stats.below import Counted
from cortex_tui.stats.buckets import (
    HIGHEST_BY_INDEX,
    HIGHEST_NS,
    SIZE,
    count_values,
    highest_of,
    index_of,
    lowest_of,
)
