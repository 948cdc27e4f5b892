/*
 * Envelopes of key parts; what was read is written again.
 */
#include "libep11admin/recipient-info.h"

#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GByteArray) out = g_byte_array_new();
    TkeByteBuilder builder = tke_byte_builder_into(out, TKE_RECIPIENT_INFO_MAX);
    TkeRecipientInfo info = { 0 };
    bool ok = tke_recipient_info_parse(data, size, &info, &error);

    FUZZ_REQUIRE(ok == (error == NULL));
    if (!ok) {
        return 0;
    }
    if (info.is_rsa) {
        FUZZ_REQUIRE(tke_recipient_info_write_rsa(&builder, info.ski, sizeof info.ski,
                                                  info.encrypted.data, info.encrypted.len, NULL));
    } else {
        FUZZ_REQUIRE(tke_recipient_info_write_ec(&builder, info.point, sizeof info.point, info.ukm,
                                                 sizeof info.ukm, info.ski, sizeof info.ski,
                                                 info.encrypted.data, info.encrypted.len, NULL));
    }
    FUZZ_REQUIRE(out->len <= size); /* lengths that are not minimal become shorter */
    return 0;
}
