"""Assertions in the scripted host explain themselves as those in tests do."""

import pytest

pytest.register_assert_rewrite("tests.simulator.host")
