/*
 * Entries that the activity log should have and could not be given (F-170): what was done is not
 * undone by a full disk, and the log is to say that something is missing in it.
 *
 * They are kept in a small file beside the log until an entry about them could be written. The file
 * has its room before anything is begun and is written in place, so that it takes them where the
 * disk has none; it holds action, time and result of the first sixteen, and how many there were.
 * Where it cannot be written either (the disk is broken, or gone), nothing is kept. A program that
 * ends between entry and file leaves what is told once more.
 */
#pragma once

#include <stdbool.h>

#include "common/public.h"
#include "libceremony/activity-log.h"

/* Action of the entry; its members "missed" (array of action, time, result) and, if there were
 * others, "more". */
#define TKE_MISSED_ENTRIES_ACTION "opentke-log.missed"

/* Makes the file, or its room, where it is not there yet: TKE_ERROR_FILE if it cannot be. */
TKE_PUBLIC bool tke_missed_entries_prepare(const TkeActivityLog *log, GError **error);

/* An entry of this action and result could not be written now. */
TKE_PUBLIC void tke_missed_entries_add(const TkeActivityLog *log, const char *action,
                                       const char *result);

/* Before another entry is: gives the log the one that tells of them. Failing to changes nothing. */
TKE_PUBLIC void tke_missed_entries_record(TkeActivityLog *log);
