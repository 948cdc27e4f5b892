/*
 * Certificates of administrators as crypto units return them.
 */
#include "libep11admin/admin-certificate.h"

#include <string.h>

#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeAdminCertificate) certificate = tke_admin_certificate_parse(data, size, &error);
    g_autoptr(GByteArray) made = NULL;

    FUZZ_REQUIRE((certificate == NULL) == (error != NULL));
    if (certificate == NULL) {
        return 0;
    }
    FUZZ_REQUIRE(certificate->der->len == size);
    FUZZ_REQUIRE(certificate->name == NULL ||
                 (*certificate->name != '\0' && g_utf8_validate(certificate->name, -1, NULL)));
    if (certificate->key != NULL && certificate->name != NULL &&
        strlen(certificate->name) <= TKE_ADMIN_NAME_MAX) {
        made = tke_admin_certificate_new_tbs(certificate->key, certificate->name, NULL);
        FUZZ_REQUIRE(made == NULL || made->len == TKE_ADMIN_CERTIFICATE_TBS_P521 ||
                     made->len == TKE_ADMIN_CERTIFICATE_TBS_RSA);
    }
    return 0;
}
