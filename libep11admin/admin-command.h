/*
 * Administrative commands and queries of crypto units, by table admin-command.inc
 * (crypto-unit-protocol.md, 3.1 and 3.5; signatures needed: 2.12).
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/public.h"

/* TKE_ADMIN_<NAME> = code; queries have bit 16 set. */
typedef enum {
#define ADMIN_COMMAND(code, name, text, signatures, imprint, changes_state, source)                \
    TKE_ADMIN_##name = (code),
#include "libep11admin/admin-command.inc"
} TkeAdminCommand;

/* Who has to sign outside imprint mode. */
typedef enum {
    TKE_SIGNATURES_NONE,
    TKE_SIGNATURES_ONE,
    TKE_SIGNATURES_THRESHOLD,  /* signature threshold */
    TKE_SIGNATURES_REVOCATION, /* revocation threshold */
    TKE_SIGNATURES_CP,         /* threshold, or one with permission CP_1SIGN */
    TKE_SIGNATURES_ZEROIZE,    /* threshold, or one with permission ZERO_1SIGN */
    TKE_SIGNATURES_PARTS,      /* none outside, one on each key part */
} TkeSignatureRule;

typedef struct TkeAdminCommandInfo {
    uint32_t code;
    const char *name; /* "ADD_ADMIN"; never translated */
    const char *text; /* what it does, in words: translate with gettext; see _get_text */
    TkeSignatureRule rule;
    bool allowed_in_imprint; /* without signatures there */
    bool changes_state;      /* is never repeated, goes alone to its unit */
    const char *source;
} TkeAdminCommandInfo;

/* The row of a code, NULL when it is not in the table. */
TKE_PUBLIC const TkeAdminCommandInfo *tke_admin_command_lookup(uint32_t code);

/* All rows, in the order of the table. */
TKE_PUBLIC const TkeAdminCommandInfo *tke_admin_command_get_all(size_t *n);

/* What the command does, translated ("load master key"); unknown codes: "command 0x…". Caller
 * frees. */
TKE_PUBLIC char *tke_admin_command_dup_text(uint32_t code);

/* What the count depends on. */
typedef struct TkeSignatureState {
    uint32_t signature_threshold;     /* now, from the unit */
    uint32_t revocation_threshold;    /* now */
    uint32_t permissions;             /* now */
    uint32_t new_signature_threshold; /* TKE_ADMIN_SET_ATTRIBUTES only: value it will have after */
} TkeSignatureState;

/*
 * Number of different administrators who have to sign the command (for IMPORT_WK: each part). In
 * imprint mode (signature threshold 0) that is none, but for leaving it: then the new threshold.
 */
TKE_PUBLIC unsigned tke_admin_command_count_signatures(TkeAdminCommand command,
                                                       const TkeSignatureState *state);

TKE_PUBLIC bool tke_admin_command_is_query(uint32_t code);
