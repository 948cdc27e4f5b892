/*
 * Certificates, requests and offers of cards (card-protocol.md, 5.2 and 8.5).
 */
#include <string.h>

#include "libsmartcard/card-transfer.h"
#include "libsmartcard/zone-certificate.h"
#include "tests/fuzz/fuzz.h"

/* What was read and is written again is read alike; its signature has minimal integers by then. */
static void
check_certificate(const TkeZoneCertificate *certificate)
{
    uint8_t out[TKE_ZONE_CERTIFICATE_MAX];
    uint8_t again[TKE_ZONE_CERTIFICATE_MAX];
    size_t len = 0;
    size_t again_len = 0;
    TkeZoneCertificate same = { 0 };

    tke_zone_certificate_write(certificate, out, &len);
    FUZZ_REQUIRE(tke_zone_certificate_parse(out, len, &same, NULL));
    tke_zone_certificate_write(&same, again, &again_len);
    FUZZ_REQUIRE(len == again_len && memcmp(out, again, len) == 0);
    tke_zone_certificate_check_zone(certificate, NULL);
    tke_zone_certificate_check_card(certificate, &same, NULL, NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    TkeZoneCertificate certificate = { 0 };
    TkeTransferOffer offer = { .signature_len = 0 };

    if (tke_zone_certificate_parse(data, size, &certificate, NULL) ||
        tke_zone_request_parse(data, size, &certificate, NULL)) {
        check_certificate(&certificate);
    }
    if (tke_card_transfer_parse_offer(data, size, &offer, NULL)) {
        check_certificate(&offer.certificate);
    }
    return 0;
}
