"""The errors a person may meet; each is one sentence: what was asked, what was found, what to do.

EvalsuiteError
├── UnknownPluginError   a name that no plugin answers to
├── PluginError          a plugin that breaks its contract or cannot be imported
├── StoryboardError      a storyboard, or a file of them, that cannot be used
├── SuiteError           a suite that is missing, or no longer what it was frozen as
├── VideoError           a video that cannot be read or written
├── WeightsError         public weights that are missing, or not what they should be
└── StoreError           a run folder that cannot be used
"""

from __future__ import annotations

import errno
from pathlib import Path


class EvalsuiteError(Exception):
    """Anything that a person can mend; the command line prints its sentence and no traceback."""


class UnknownPluginError(EvalsuiteError):
    """A name that no plugin answers to."""


class PluginError(EvalsuiteError):
    """A plugin that breaks its contract or cannot be imported."""


class StoryboardError(EvalsuiteError):
    """A storyboard, or a file of them, that cannot be used."""


class SuiteError(EvalsuiteError):
    """A suite that is missing, or no longer what it was frozen as."""


class VideoError(EvalsuiteError):
    """A video that cannot be read or written."""


class WeightsError(EvalsuiteError):
    """Public weights that are missing, or not what they should be."""


class StoreError(EvalsuiteError):
    """A run folder that cannot be used."""


def disk_error(path: Path, error: OSError) -> StoreError:
    """What the disk said about writing `path`, as a sentence that says what to do."""
    if error.errno == errno.ENOSPC:
        return StoreError(f"the disk is full: {path} could not be written; free some space and run again.")
    if error.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
        return StoreError(f"{path} cannot be written to; choose another folder with --out.")
    return StoreError(f"{path} cannot be used: {error.strerror or error}.")
