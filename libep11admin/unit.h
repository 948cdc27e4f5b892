/*
 * TkeUnit: one crypto unit, as the service lists it and as its own signed answers name it.
 *
 * A unit starts unverified. A query (unit-query.h) verifies the certificate chain of its module,
 * the serial number and the signatures of its answers; after that the unit knows the module's key,
 * its own identity and counter from the last signed answer, its attributes and its administrators,
 * and commands can be prepared (unit-command.h). Whenever something does not verify, the unit is
 * refused until a later query verifies: no command is prepared for it or sent to it.
 *
 * Units are counted references, used by one thread at a time.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/openssl.h"
#include "common/public.h"
#include "libep11admin/admin-block.h"
#include "libep11admin/attribute.h"
#include "libep11admin/module-chain.h"
#include "libep11admin/signer.h"
#include "libep11admin/unit-list.h"

typedef struct TkeUnit TkeUnit;

typedef enum {
    TKE_UNIT_UNVERIFIED, /* not looked at yet */
    TKE_UNIT_VERIFIED,   /* chain, serial number and answers are right */
    TKE_UNIT_REFUSED,    /* something is wrong (tke_unit_get_refusal): no command goes there */
} TkeUnitTrust;

/* An administrator installed in a unit. */
typedef struct TkeUnitAdmin {
    uint8_t ski[TKE_SKI_LEN];
    char *name;       /* NULL: the certificate has none or could not be read */
    EVP_PKEY *key;    /* NULL: not known, or of a kind that is not known */
    bool made_by_tke; /* its certificate names TKE Administration */
} TkeUnitAdmin;

/*
 * The unit of a list entry. number is the one users see, from 1. An instance from which no address
 * can be made is TKE_ERROR_USAGE. A unit from whose entry none can be made (identifier, location)
 * is refused for good, with TKE_UNIT_ERROR_MALFORMED.
 */
TKE_PUBLIC TkeUnit *tke_unit_new(const char *instance, const TkeUnitListEntry *entry,
                                 unsigned number, GError **error);
TKE_PUBLIC TkeUnit *tke_unit_ref(TkeUnit *unit);
TKE_PUBLIC void tke_unit_unref(TkeUnit *unit); /* NULL is allowed */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TkeUnit, tke_unit_unref)

/* From the list. All texts are borrowed. */
TKE_PUBLIC const char *tke_unit_get_instance(const TkeUnit *unit);
TKE_PUBLIC const char *tke_unit_get_hsm_id(const TkeUnit *unit);
TKE_PUBLIC const char *tke_unit_get_location(const TkeUnit *unit);
TKE_PUBLIC const char *tke_unit_get_serial_number(const TkeUnit *unit);
TKE_PUBLIC TkeUnitType tke_unit_get_type(const TkeUnit *unit);
TKE_PUBLIC unsigned tke_unit_get_number(const TkeUnit *unit);
/* "crypto unit 3", translated: what errors about the unit carry. */
TKE_PUBLIC const char *tke_unit_get_name(const TkeUnit *unit);

/* What was verified. The chain is NULL before the first query. */
TKE_PUBLIC TkeUnitTrust tke_unit_get_trust(const TkeUnit *unit);
TKE_PUBLIC const GError *tke_unit_get_refusal(const TkeUnit *unit); /* NULL unless refused */
TKE_PUBLIC const TkeModuleChain *tke_unit_get_chain(const TkeUnit *unit);

/* From the last signed answer; NULL before there was one. */
TKE_PUBLIC const TkeUnitIdentity *tke_unit_get_identity(const TkeUnit *unit);

/* From the last signed answers of a query, followed up by the commands done since; NULL before. */
TKE_PUBLIC const TkeAttributes *tke_unit_get_attributes(const TkeUnit *unit);
TKE_PUBLIC const GPtrArray *tke_unit_get_admins(const TkeUnit *unit); /* of TkeUnitAdmin */
/* The administrator with this identifier; NULL: it is none there. */
TKE_PUBLIC const TkeUnitAdmin *tke_unit_find_admin(const TkeUnit *unit,
                                                   const uint8_t ski[static TKE_SKI_LEN]);
/* Signature threshold 0: commands need no signature, many are not allowed. */
TKE_PUBLIC bool tke_unit_is_in_imprint_mode(const TkeUnit *unit);

/*
 * The identity that this unit had when it was seen last, perhaps by another run of the program. The
 * next query warns when module instance or domain instance differ (module initialised anew, domain
 * zeroized by somebody).
 */
TKE_PUBLIC void tke_unit_set_remembered(TkeUnit *unit, const TkeUnitIdentity *identity);
