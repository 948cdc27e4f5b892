/*
 * Administrative blocks (crypto-unit-protocol.md, 2.5 and 2.7).
 */
#include "libep11admin/admin-block.h"

#include <string.h>

#include "common/der.h"

void
tke_admin_block_increment_counter(uint8_t *counter, size_t len)
{
    for (size_t i = len; i > 0; i--) {
        counter[i - 1]++;
        if (counter[i - 1] != 0) {
            return;
        }
    }
}

void
tke_admin_block_query_domain(uint32_t domain_index, uint8_t out[static TKE_ADMIN_DOMAIN_LEN])
{
    TkeByteBuilder b = { .out = out, .size = TKE_ADMIN_DOMAIN_LEN };

    tke_byte_builder_u32(&b, domain_index);
    tke_byte_builder_u32(&b, 0);
}

static GByteArray *
new_block(TkeAdminCommand command, const uint8_t domain[static TKE_ADMIN_DOMAIN_LEN],
          const TkeUnitIdentity *identity, const uint8_t *payload, size_t payload_len)
{
    size_t id_len = identity == NULL ? 0 : TKE_ADMIN_MODULE_ID_LEN;
    size_t counter_len = identity == NULL ? 0 : TKE_ADMIN_COUNTER_LEN;
    size_t len = tke_der_size(4) + tke_der_size(TKE_ADMIN_DOMAIN_LEN) + tke_der_size(id_len) +
                 tke_der_size(counter_len) + tke_der_size(payload_len);
    GByteArray *block = g_byte_array_new();
    TkeByteBuilder b = tke_byte_builder_into(block, SIZE_MAX);

    tke_der_header(&b, TKE_DER_SEQUENCE, len);
    tke_der_octet_u32(&b, (uint32_t) command);
    tke_der_element(&b, TKE_DER_OCTET_STRING, domain, TKE_ADMIN_DOMAIN_LEN);
    tke_der_element(&b, TKE_DER_OCTET_STRING, identity == NULL ? NULL : identity->module_id,
                    id_len);
    tke_der_element(&b, TKE_DER_OCTET_STRING, identity == NULL ? NULL : identity->counter,
                    counter_len);
    tke_der_element(&b, TKE_DER_OCTET_STRING, payload, payload_len);
    g_assert(!b.failed);
    return block;
}

GByteArray *
tke_admin_block_new_query(TkeAdminCommand query, uint32_t domain_index, const uint8_t *payload,
                          size_t payload_len)
{
    uint8_t domain[TKE_ADMIN_DOMAIN_LEN];

    /* Device certificates belong to the module, not to a domain. */
    tke_admin_block_query_domain(query == TKE_ADMIN_QUERY_DEVICE_CERT ? 0 : domain_index, domain);
    return new_block(query, domain, NULL, payload, payload_len);
}

GByteArray *
tke_admin_block_new_command(TkeAdminCommand command, const TkeUnitIdentity *identity,
                            const uint8_t *payload, size_t payload_len)
{
    g_return_val_if_fail(identity != NULL, NULL);

    return new_block(command, identity->domain, identity, payload, payload_len);
}
