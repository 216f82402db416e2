"""The comparison of the notebooks runs their cells as Jupyter runs them."""

import os
import tempfile

import pytest
from nbval.kernel import RunningKernel


def execute_cell_input(self, cell_input, allow_stdin=None):
    """Stand in for nbval's method, which keeps no history.

    Without it IPython does not see the ``;`` that keeps a cell's last value from being shown.
    """
    return self.kc.execute(cell_input, allow_stdin=allow_stdin, stop_on_error=False)


@pytest.hookimpl(trylast=True)
def pytest_configure(config):
    """Patch nbval where it is used, and keep a reader's IPython settings and history out of it."""
    if config.option.nbval:
        RunningKernel.execute_cell_input = execute_cell_input
        empty = tempfile.TemporaryDirectory(prefix="lossbook-")
        os.environ["IPYTHONDIR"] = empty.name
        config.add_cleanup(empty.cleanup)
