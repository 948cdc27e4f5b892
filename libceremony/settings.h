/*
 * Settings of a workstation: which reader is 1 and which is 2, how long cards and the service
 * may take, where issuer keys of cards are (functions 4.1).
 *
 * A JSON file, $XDG_CONFIG_HOME/opentke/settings.json, in a rehearsal settings.json among the
 * workstation's files. Members that are not known are kept. No root key, authority or address can
 * come from it.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "common/public.h"
#include "libceremony/card-session.h"
#include "libceremony/world.h"
#include "libsmartcard/reader.h"

typedef struct TkeSettings TkeSettings;

/* Missing: the defaults. Damaged: TKE_ERROR_FILE that names the file. */
TKE_PUBLIC TkeSettings *tke_settings_load(const TkeWorld *world, GError **error);
TKE_PUBLIC void tke_settings_free(TkeSettings *settings);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TkeSettings, tke_settings_free)

/* The remembered readers; borrowed. */
TKE_PUBLIC TkeReaderChoice tke_settings_get_readers(const TkeSettings *settings);

/*
 * Gives the world its limits, before cards and service are first asked for: "cardAnswerSeconds", how
 * long a real card may take for an answer (a PIN entry: 40 s more), 25 to 600; "requestSeconds", how
 * long the service may take for the answer to one request, 1 to 300.
 */
TKE_PUBLIC void tke_settings_limit_world(const TkeSettings *settings, TkeWorld *world);

/* The remembered readers, and "idleMinutes": how long an EP11 card that nobody uses stays unlocked
 * (functions 3, F-052), 0 to 1440; 0: as long as it is in its reader. */
TKE_PUBLIC void tke_settings_prepare_session(const TkeSettings *settings, TkeCardSession *session);

/* Remembers readers by their keys and saves. */
TKE_PUBLIC bool tke_settings_set_readers(TkeSettings *settings, const TkeReaderChoice *choice,
                                         GError **error);

/*
 * The file with the issuer keys of cards that gave this ATR; the caller frees. The settings name
 * them as "card_keys": [{"atr": "3B8F80…", "file": "lot-17.keys"}, {"file": "others.keys"}]: the
 * first whose ATR, in hex, the card's begins with (absent: any); a relative name lies beside the
 * settings. path NULL: none, that is the makers' test keys. A list that is none is TKE_ERROR_FILE.
 */
TKE_PUBLIC bool tke_settings_find_card_keys(const TkeSettings *settings, const uint8_t *atr,
                                            size_t atr_len, char **path, GError **error);
