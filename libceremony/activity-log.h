/*
 * The activity log (F-170): append-only JSON lines, each with the SHA-256 of the line before.
 *
 * A line is a JSON object with "seq" (from 1), "time" (UTC), "action", the public values of the
 * entry and, last, "prev": hash of the line before it without its newline, 64 zeros in the first.
 * The head of a log is count and hash of its last line; noted elsewhere it also shows a cut end or
 * a log written anew. An entry is on disk before tke_activity_log_append() returns. Nothing secret
 * is ever recorded.
 *
 * A last line without its newline was never acknowledged (the program or the machine died while
 * writing it). If nothing else is missing, the next append gives it the newline; else it removes
 * it and says so in its own entry ("removed_tail_bytes"). An entry whose time is before
 * that of the last one says that too ("clock_went_back"): the numbers tell the order, the times
 * what the workstation's clock showed. Programs that read and append at the same time wait for
 * each other (flock).
 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/public.h"

typedef struct TkeActivityLog TkeActivityLog;

typedef struct TkeLogHead {
    uint64_t count; /* 0: the log is empty or does not exist */
    char hash[65];  /* hex; of the last line; zeros if the log is empty */
} TkeLogHead;

/* The log in this file; nothing is opened yet. Every entry carries "rehearsal": true in a
 * rehearsal. */
TKE_PUBLIC TkeActivityLog *tke_activity_log_new(const char *path, bool rehearsal);
TKE_PUBLIC void tke_activity_log_free(TkeActivityLog *log);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TkeActivityLog, tke_activity_log_free)

TKE_PUBLIC const char *tke_activity_log_get_path(const TkeActivityLog *log);

/*
 * Appends one entry: action as the service's audit events name it ("tke-cryptounit-admin.add"),
 * and the members of values (borrowed, may be NULL; seq, time, action, rehearsal and prev are
 * reserved). TKE_ERROR_FILE when it cannot be written; the log is then as before.
 */
TKE_PUBLIC bool tke_activity_log_append(TkeActivityLog *log, const char *action, JsonObject *values,
                                        GError **error);

/* Fails if the file cannot be read or its last line has no number. */
TKE_PUBLIC bool tke_activity_log_get_head(TkeActivityLog *log, TkeLogHead *head, GError **error);

/* "COUNT:HASH" and back. */
TKE_PUBLIC char *tke_activity_log_head_to_text(const TkeLogHead *head);
TKE_PUBLIC bool tke_activity_log_head_from_text(const char *text, TkeLogHead *head, GError **error);

/*
 * Checks every line; TKE_ERROR_VERIFY names the first that is changed, missing or added. With a
 * head noted earlier (may be NULL) also that the log still begins with the lines up to it. now
 * gets the head.
 */
TKE_PUBLIC bool tke_activity_log_verify(TkeActivityLog *log, const TkeLogHead *noted,
                                        TkeLogHead *now, GError **error);

/* All whole lines, oldest first; the caller frees. max 0: no limit; else the last max lines. */
TKE_PUBLIC char **tke_activity_log_read(TkeActivityLog *log, unsigned max, GError **error);

/* Those of them that say that an unfinished line before them was removed; the caller frees. */
TKE_PUBLIC char **tke_activity_log_read_mended(TkeActivityLog *log, GError **error);
