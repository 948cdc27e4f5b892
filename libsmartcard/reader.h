/*
 * Readers: which is number 1 and which number 2 (F-001 to F-003).
 *
 * A reader is remembered by its serial number; if it tells none, or shares it, by the port it is
 * plugged into; if that is not known, by its name without the numbers that depend on the order of
 * plugging in. Two for which not even that differs cannot be told apart: a person has to say which
 * is which, each time.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "common/public.h"
#include "libsmartcard/card-transport.h"

#define TKE_READERS 2u

/* Which readers were chosen; NULL: none was. */
typedef struct TkeReaderChoice {
    /* As tke_reader_dup_key names them: what settings keep. */
    const char *key[TKE_READERS];
    /* Goes before: by the names they have while they stay plugged in. Never kept longer than
     * that. */
    const char *name[TKE_READERS];
} TkeReaderChoice;

/* Readers 1 and 2; NULL where there is none. Owns its infos. */
typedef struct TkeReaders {
    TkeReaderInfo *reader[TKE_READERS];
    bool unclear; /* there are readers for what is NULL, but they cannot be told apart */
} TkeReaders;

/* The key a reader is remembered by; the caller frees. */
TKE_PUBLIC char *tke_reader_dup_key(const TkeReaderInfo *info);

/*
 * The reader as people know it and as every window and prompt names it: model and, where it is
 * known, the place where it is plugged in. The caller frees.
 */
TKE_PUBLIC char *tke_reader_dup_text(const TkeReaderInfo *info);

/*
 * Is there another reader among these (TkeReaderInfo) that this one is not told apart from? Either
 * both have one key, or they have one name but for its numbers and neither serial number nor port
 * is known of one.
 */
TKE_PUBLIC bool tke_reader_is_alike(const GPtrArray *infos, const TkeReaderInfo *info);

/*
 * Gives numbers: chosen readers first, then those with keypad, in the order of names without
 * numbers and of keys, so that nothing depends on the order of plugging in; virtual readers get
 * none where there is a real one. infos: TkeReaderInfo. choice may be NULL. Never fails; too few
 * readers leave NULLs, and so do readers that cannot be told apart (unclear).
 */
TKE_PUBLIC TkeReaders *tke_readers_assign(GPtrArray *infos, const TkeReaderChoice *choice);
TKE_PUBLIC void tke_readers_free(TkeReaders *readers);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TkeReaders, tke_readers_free)

/* Number of a reader by its name: 1, 2, or 0. */
TKE_PUBLIC unsigned tke_readers_number(const TkeReaders *readers, const char *name);

/* Both there? Otherwise TKE_CARD_ERROR_NO_READER saying how many were found, or that they cannot
 * be told apart. */
TKE_PUBLIC bool tke_readers_need_both(const TkeReaders *readers, GError **error);

/* The reader of a number (1, 2): borrowed; missing: TKE_CARD_ERROR_NO_READER. */
TKE_PUBLIC const TkeReaderInfo *tke_readers_get(const TkeReaders *readers, unsigned number,
                                                GError **error);
