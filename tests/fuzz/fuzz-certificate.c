/*
 * X.509 certificates as crypto units return them. Whatever is read of one can be shown, and one
 * byte less or more is no certificate.
 */
#include "common/certificate.h"

#include <string.h>

#include "common/digest.h"
#include "tests/fuzz/fuzz-strict.h"
#include "tests/fuzz/fuzz.h"

/* Nothing that moves a cursor or turns the direction of a line, no blank at the end. */
static void
check_name(const char *name)
{
    if (name == NULL) {
        return;
    }
    FUZZ_REQUIRE(g_utf8_validate(name, -1, NULL) && !g_str_has_suffix(name, " "));
    for (const char *at = name; *at != '\0'; at = g_utf8_next_char(at)) {
        FUZZ_REQUIRE(g_unichar_isprint(g_utf8_get_char(at)));
    }
}

static void
check_same(const TkeCertificate *a, const TkeCertificate *b)
{
    FUZZ_REQUIRE(b != NULL && g_strcmp0(a->common_name, b->common_name) == 0 &&
                 g_strcmp0(a->unit_name, b->unit_name) == 0 &&
                 memcmp(a->ski, b->ski, sizeof a->ski) == 0 &&
                 (a->key == NULL) == (b->key == NULL));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeCertificate) certificate = NULL;
    g_autoptr(TkeCertificate) again = NULL;
    g_autoptr(TkeCertificate) shorter = NULL;
    g_autoptr(TkeCertificate) longer = NULL;
    g_autofree uint8_t *more = NULL;
    uint8_t ski[32];

    fuzz_strict();
    certificate = tke_certificate_parse(data, size, &error);
    FUZZ_REQUIRE((certificate == NULL) == (error != NULL));
    if (certificate == NULL) {
        return 0;
    }
    check_name(certificate->common_name);
    check_name(certificate->unit_name);
    FUZZ_REQUIRE(certificate->key_der != NULL && certificate->key_der->len < size);
    FUZZ_REQUIRE(
        tke_digest_sha256(certificate->key_der->data, certificate->key_der->len, ski, NULL) &&
        memcmp(ski, certificate->ski, sizeof ski) == 0);
    FUZZ_REQUIRE(certificate->key == NULL || EVP_PKEY_get_base_id(certificate->key) != 0);
    again = tke_certificate_parse(data, size, NULL);
    check_same(certificate, again);
    shorter = tke_certificate_parse(data, size - 1, NULL);
    more = g_malloc0(size + 1);
    memcpy(more, data, size);
    longer = tke_certificate_parse(more, size + 1, NULL);
    FUZZ_REQUIRE(shorter == NULL && longer == NULL);
    return 0;
}
