/*
 * Application identifiers (ISO 7816-5): packages, applets and security domains of a card.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/byte-cursor.h"
#include "common/public.h"

#define TKE_GP_AID_MIN 5u
#define TKE_GP_AID_MAX 16u

typedef struct TkeGpAid {
    uint8_t bytes[TKE_GP_AID_MAX];
    size_t len; /* 5 to 16 */
} TkeGpAid;

/* The load file with our applets, and the applets in it, which are also their instances (card
 * protocol, 1). */
TKE_PUBLIC extern const TkeGpAid tke_gp_aid_package;
TKE_PUBLIC extern const TkeGpAid tke_gp_aid_ca;
TKE_PUBLIC extern const TkeGpAid tke_gp_aid_ep11;

TKE_PUBLIC bool tke_gp_aid_equal(const TkeGpAid *a, const TkeGpAid *b);

/* All that is left in the cursor, which must be 5 to 16 bytes; else false. */
TKE_PUBLIC bool tke_gp_aid_read(TkeByteCursor *cursor, TkeGpAid *aid);

/* A length byte and as many bytes. */
TKE_PUBLIC bool tke_gp_aid_read_counted(TkeByteCursor *cursor, TkeGpAid *aid);

/* Upper-case hex digits; the caller frees. */
TKE_PUBLIC char *tke_gp_aid_text(const TkeGpAid *aid);
