"""A saved import profile, as `monitor coldstarts --imports --save FILE` writes it."""

from monitor.kernel.saved import SavedFormat
from monitor.records.imports import ImportProfile

IMPORT_PROFILE = SavedFormat(
    format="monitor-import-profile",
    version=1,
    key="profile",
    model=ImportProfile,
    noun="a saved import profile",
    hint="give a file that `monitor coldstarts TARGET --imports --save FILE` wrote",
)
