/*
 * RecipientInfo: the envelope of a key part, opened and closed by the module
 * (crypto-unit-protocol.md, 4.3 and 4.4).
 */
#pragma once

#include <glib.h>
#include <stdint.h>

#include "common/byte-cursor.h"
#include "common/openssl.h"
#include "common/secret.h"
#include "simulator/sim-codes.h"

/* Types of importer keys, as key names and parameters of OpenSSL. */
EVP_PKEY *sim_importer_generate(uint32_t type, GError **error);
bool sim_importer_type_is_known(uint32_t type);

/*
 * Opens an envelope for this importer key: P-521 and other curves (shared information with NULL,
 * then without), RSA. part is set on success only; it has 32 bytes.
 */
SimCode sim_envelope_open(EVP_PKEY *importer, TkeByteCursor recipient_info, TkeSecret **part);

/* Closes one for a P-521 or RSA key. */
GByteArray *sim_envelope_seal(EVP_PKEY *recipient, const TkeSecret *part, GError **error);
