"""The search attributes by which staff find work: plain codes and dates, never anything of a person (P1).

Search attributes are stored unencrypted and bypass the payload codec, so each value here must be one that
may stand on a screen in a corridor: a stage, a site, a staff id, a date.
"""

from temporalio.common import SearchAttributeKey

STAGE = SearchAttributeKey.for_keyword("CarepathStage")
SITE = SearchAttributeKey.for_keyword("CarepathSite")
OWNER = SearchAttributeKey.for_keyword("CarepathOwner")
EPISODE = SearchAttributeKey.for_keyword("CarepathEpisode")
TASK = SearchAttributeKey.for_keyword("CarepathTask")
LEVEL = SearchAttributeKey.for_int("CarepathLevel")
DUE = SearchAttributeKey.for_datetime("CarepathDue")
GATE = SearchAttributeKey.for_datetime("CarepathGate")
FLAGS = SearchAttributeKey.for_keyword_list("CarepathFlags")

ALL = (STAGE, SITE, OWNER, EPISODE, TASK, LEVEL, DUE, GATE, FLAGS)

TASK_QUEUE = "carepath"
CARE_EPISODE = "CareEpisode"
STAFF_TASK = "StaffTask"
REFERRAL = "Referral"
DIRECTORY_SYNC = "DirectorySync"
