/*
 * TkeUnitDirectory: the crypto units of the world's instances, their numbers, which are selected,
 * and what is remembered of them: identities seen last, verified module certificates, unfinished
 * steps.
 *
 * Selection, memory and journal are files in the world's directory (CLOUDTKEFILES), kept by unit
 * id. The caller holds the directory's lock (tke_safe_file_lock_dir) while it changes anything.
 */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>

#include "common/public.h"
#include "libceremony/journal.h"
#include "libceremony/world.h"
#include "libep11admin/unit-query.h"
#include "libep11admin/unit.h"

typedef struct TkeUnitDirectory TkeUnitDirectory;

/* Reads the files; borrows the world. Files that cannot be read or are damaged are an error
 * (E-L05). */
TKE_PUBLIC TkeUnitDirectory *tke_unit_directory_new(TkeWorld *world, GError **error);
TKE_PUBLIC void tke_unit_directory_free(TkeUnitDirectory *directory);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TkeUnitDirectory, tke_unit_directory_free)

/*
 * Asks the service for the units of all instances. vanished (may be NULL) gets how many selected
 * units are gone.
 */
TKE_PUBLIC bool tke_unit_directory_refresh(TkeUnitDirectory *directory, unsigned *vanished,
                                           GCancellable *cancellable, GError **error);

/* All units by number, TkeUnit; borrowed. Empty before a refresh. */
TKE_PUBLIC const GPtrArray *tke_unit_directory_get_units(const TkeUnitDirectory *directory);

TKE_PUBLIC bool tke_unit_directory_is_selected(const TkeUnitDirectory *directory,
                                               const TkeUnit *unit);

/*
 * Adds units to the selection (or takes them out) by their numbers, and saves it. A number that is
 * unknown or given twice changes nothing: TKE_ERROR_USAGE (E-L02) names it.
 */
TKE_PUBLIC bool tke_unit_directory_select(TkeUnitDirectory *directory, const unsigned *numbers,
                                          size_t n, bool selected, GError **error);

/* The same checks, and nothing is changed. */
TKE_PUBLIC bool tke_unit_directory_check_select(const TkeUnitDirectory *directory,
                                                const unsigned *numbers, size_t n, bool selected,
                                                GError **error);

/* For now only: the numbers in the text ("1 2 3", "1,2") instead of what is saved; NULL: what is
 * saved. */
TKE_PUBLIC bool tke_unit_directory_select_once(TkeUnitDirectory *directory, const char *list,
                                               GError **error);

/* Numbers in a text, separated by blanks or commas; what is no number is TKE_ERROR_USAGE
 * (E-L02). */
TKE_PUBLIC bool tke_unit_directory_parse_numbers(const char *list, GArray *numbers, GError **error);

/* The selected units by number, TkeUnit references; none: TKE_CEREMONY_ERROR_NO_SELECTION
 * (E-L06). */
TKE_PUBLIC GPtrArray *tke_unit_directory_get_selected(const TkeUnitDirectory *directory,
                                                      GError **error);

/*
 * Whole state of these units (TkeUnitState each, in their order), with what is remembered; saves
 * what was learned, also about unfinished steps. Where one on registers concerns a unit, patterns
 * are asked for in signed answers too (TKE_UNIT_QUERY_SIGNED_VPS), whatever the flags say.
 */
TKE_PUBLIC GPtrArray *tke_unit_directory_query(TkeUnitDirectory *directory, GPtrArray *units,
                                               TkeUnitQueryFlags flags, GCancellable *cancellable,
                                               GError **error);

/*
 * An answer of the unit was forged: as long as the directory is there, no command is to go to it
 * before somebody has agreed, which tke_plan_query asks for.
 */
TKE_PUBLIC void tke_unit_directory_distrust(TkeUnitDirectory *directory, const TkeUnit *unit);
TKE_PUBLIC bool tke_unit_directory_is_distrusted(const TkeUnitDirectory *directory,
                                                 const TkeUnit *unit);
TKE_PUBLIC void tke_unit_directory_trust_again(TkeUnitDirectory *directory, const TkeUnit *unit);

/* Notes the identities that the units have now (after commands). Failing to save is an error. */
TKE_PUBLIC bool tke_unit_directory_remember(TkeUnitDirectory *directory, GPtrArray *units,
                                            GError **error);

/* Steps that have not reached all units. Borrowed. */
TKE_PUBLIC TkeJournal *tke_unit_directory_get_journal(TkeUnitDirectory *directory);

TKE_PUBLIC TkeWorld *tke_unit_directory_get_world(TkeUnitDirectory *directory);
