/*
 * Master keys: importer key, import of key parts, commit, set immediate, clear
 * (crypto-unit-protocol.md, 3.2.4 to 3.2.10).
 *
 * Loading takes two commands to each unit: the first makes an importer key (one signature); once
 * the cards have encrypted the parts for it, the second imports them (one signature on each part;
 * the same administrator may sign all). None of these commands is allowed in imprint mode.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/digest.h"
#include "common/public.h"
#include "libep11admin/importer-key.h"
#include "libep11admin/unit-command.h"

/* A fresh P-521 importer key. */
TKE_PUBLIC TkeUnitCommand *tke_unit_master_key_new_importer(TkeUnit *unit, GError **error);

/*
 * The importer key from the signed answer to a command of the function above that was DONE; owned
 * by the caller. (After a lost answer the key is not known: make another.)
 */
TKE_PUBLIC TkeImporterKey *tke_unit_master_key_get_importer(const TkeUnitCommand *command,
                                                            GError **error);

/*
 * Imports n key parts (1 to 20), each a RecipientInfo for the unit's importer key: GByteArray each.
 * Message i of the command belongs to part i.
 */
TKE_PUBLIC TkeUnitCommand *tke_unit_master_key_new_import(TkeUnit *unit, GPtrArray *parts,
                                                          GError **error);

/*
 * Commits, or makes current, the key with this pattern in the new register. The pattern comes from
 * a signed answer: of the import, or of a query with TKE_UNIT_QUERY_SIGNED_VPS.
 */
TKE_PUBLIC TkeUnitCommand *
tke_unit_master_key_new_commit(TkeUnit *unit, const uint8_t vp[static TKE_VP_LEN], GError **error);
TKE_PUBLIC TkeUnitCommand *tke_unit_master_key_new_finalize(TkeUnit *unit,
                                                            const uint8_t vp[static TKE_VP_LEN],
                                                            GError **error);

/* Empties the current, or the new, register. */
TKE_PUBLIC TkeUnitCommand *tke_unit_master_key_new_clear_current(TkeUnit *unit, GError **error);
TKE_PUBLIC TkeUnitCommand *tke_unit_master_key_new_clear_new(TkeUnit *unit, GError **error);

/* Pattern in the signed answer to an import or set immediate that was DONE. */
TKE_PUBLIC bool tke_unit_master_key_get_vp(const TkeUnitCommand *command,
                                           uint8_t out[static TKE_VP_LEN], GError **error);

/*
 * Whether the answer to an import that was DONE holds patterns of n parts, to compare with those
 * that the cards show. Not all units report them; then the parts are not compared, which the
 * operator should be told.
 */
TKE_PUBLIC bool tke_unit_master_key_reports_parts(const TkeUnitCommand *import, size_t n);

/*
 * Compares the patterns of the parts, which units may report after that of the key, with those that
 * the cards show, in the order of the parts. Number of the first that differs, from 1; 0: none
 * does, or the unit reports none.
 */
TKE_PUBLIC unsigned tke_unit_master_key_find_wrong_part(const TkeUnitCommand *import,
                                                        const uint8_t (*vps)[TKE_VP_LEN], size_t n);
