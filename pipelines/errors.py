"""What a command can end with: one exit code per kind of failure.

0 done, 1 a bug, 2 usage or settings, 3 data (data.errors), 4 artefact, 5 resources, 7 the run folder is in use, 130 stopped by
Ctrl-C, 141 nobody reads what is printed (commands.main).
"""


class SettingsError(Exception):
    """A key, value or flag that lookbook cannot work with. The message gives the name, the value and what is allowed."""

    exit_code = 2


class ArtifactError(Exception):
    """A file that an earlier run left is missing, damaged or of another kind than expected."""

    exit_code = 4


class ResourceError(Exception):
    """Memory, disk or a GPU that was asked for is not there."""

    exit_code = 5


class LockedError(Exception):
    """Another process is writing the same folder."""

    exit_code = 7
