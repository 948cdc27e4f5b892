/*
 * Requests: administrative ones and information queries (crypto-unit-protocol.md, 2.2 to 2.4).
 */
#include "libep11admin/admin-request.h"

#include "common/der.h"

#define NO_SUB_QUERY 0u

GByteArray *
tke_admin_request_new(uint32_t domain_index, const uint8_t *block, size_t block_len,
                      const uint8_t *signer_infos, size_t signer_infos_len)
{
    size_t len = 2 * tke_der_size(4) + tke_der_size(block_len) + tke_der_size(signer_infos_len);
    GByteArray *request = g_byte_array_new();
    TkeByteBuilder b = tke_byte_builder_into(request, SIZE_MAX);

    tke_der_header(&b, TKE_DER_SEQUENCE, len);
    tke_der_octet_u32(&b, TKE_ADMIN_FUNCTION);
    tke_der_octet_u32(&b, domain_index);
    tke_der_element(&b, TKE_DER_OCTET_STRING, block, block_len);
    tke_der_element(&b, TKE_DER_OCTET_STRING, signer_infos, signer_infos_len);
    g_assert(!b.failed);
    return request;
}

GByteArray *
tke_admin_request_new_info(TkeInfoQuery query, uint32_t domain_index)
{
    GByteArray *request = g_byte_array_new();
    TkeByteBuilder b = tke_byte_builder_into(request, SIZE_MAX);

    tke_der_header(&b, TKE_DER_SEQUENCE, 4 * tke_der_size(4));
    tke_der_octet_u32(&b, TKE_INFO_FUNCTION);
    tke_der_octet_u32(&b, domain_index);
    tke_der_octet_u32(&b, (uint32_t) query);
    tke_der_octet_u32(&b, NO_SUB_QUERY);
    g_assert(!b.failed);
    return request;
}
