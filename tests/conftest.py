"""What all tests share."""

import os

os.environ["KERAS_BACKEND"] = "torch"
