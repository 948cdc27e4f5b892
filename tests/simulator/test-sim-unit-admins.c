/*
 * Administrators of a virtual unit: every rule with its pair of codes (crypto-unit-protocol.md,
 * 3.2.1, 3.2.2).
 */
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

#include "common/byte-builder.h"
#include "common/der.h"
#include "common/digest.h"
#include "common/rsa.h"
#include "tests/simulator/unit-fixture.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

/* A certificate as IBM's tools make it (Annex A.5). */
static const char alice[] =
    "3082023430820195a003020102020100300a06082a8648ce3d0403043046311b3019060355040b1312544b45"
    "2041646d696e697374726174696f6e312730250603550403131e416c69636520202020202020202020202020"
    "2020202020202020202020203022180f32303030303130313030303030305a180f3231303031323331323335"
    "3935395a3046311b3019060355040b1312544b452041646d696e697374726174696f6e312730250603550403"
    "131e416c6963652020202020202020202020202020202020202020202020202030819b301006072a8648ce3d"
    "020106052b81040023038186000400df3ec97448b70a1e6c7e14d18fe2e265888f0ae704e922961520b610a7"
    "248c709ba3410eca5a2d62946151b360f47f0a1dfc98632ce27f8c1d9ce1c04d47c38de300a1d1cf55787695"
    "c49950e441f48eadf76c6948b9b7c35c5d80fceaa046ef286370404602bfee96bcfa16984c8dc0e8f67584e3"
    "b957b529c73914ce6142ea8018d7a32d302b30290603551d0e042204204aa07160750dabb44e3fa908c6e1b3"
    "8c38de052922623cc479432085f0bb4d22300a06082a8648ce3d04030403818c003081880242010e32f1d79c"
    "f34e0c27ae5813adcf7e00e1f3ec2fd3c20b63970c3f88a28f4afa4822e6d21d008045561d1e3ada2e145190"
    "b70992a11f2a3b1566a2d87b8c0de7b1024201ceb43b972d49c2ec1861cc81e1b58561cc13a3f628f6597b58"
    "e6df8b9afda69e78dac7c298e49ffccd07d4e8593ad09b2f134a876aba8bfeda79671ab07025e52e";
static const char alice_ski[] = "4aa07160750dabb44e3fa908c6e1b38c38de052922623cc479432085f0bb4d22";

static Answer
add_admin(Fixture *fixture, unsigned i, unsigned signers)
{
    const FixtureAdmin *admin = fixture_admin(fixture, i);

    return fixture_command(fixture, 2, admin->certificate->data, admin->certificate->len, signers);
}

static Answer
remove_admin(Fixture *fixture, unsigned i, unsigned signers)
{
    return fixture_command(fixture, 4, fixture_admin(fixture, i)->ski, FIXTURE_SKI, signers);
}

START_TEST(test_an_administrator_is_listed_and_its_certificate_kept_as_it_came)
{
    g_auto(Fixture) fixture = { 0 };
    g_auto(Answer) add = { 0 };
    g_auto(Answer) list = { 0 };
    g_auto(Answer) one = { 0 };
    g_autoptr(GByteArray) ski = test_bytes(alice_ski);

    fixture_open(&fixture);
    add = fixture_command_hex(&fixture, 2, alice, 0);
    check_answer_ok(&add);
    test_bytes_check(add.output->data, add.output->len, alice_ski);
    list = fixture_query(&fixture, 2, NULL, 0);
    check_answer_ok(&list);
    test_bytes_check(list.output->data, list.output->len, alice_ski);
    one = fixture_query(&fixture, 2, ski->data, ski->len);
    check_answer_ok(&one);
    test_bytes_check(one.output->data, one.output->len, alice);
}
END_TEST

START_TEST(test_a_wrong_self_signature_is_of_no_interest)
{
    g_auto(Fixture) fixture = { 0 };
    g_auto(Answer) add = { 0 };
    g_autoptr(GByteArray) certificate = test_bytes(alice);

    certificate->data[certificate->len - 1] ^= 1;
    fixture_open(&fixture);
    add = fixture_command(&fixture, 2, certificate->data, certificate->len, 0);
    check_answer_ok(&add);
}
END_TEST

START_TEST(test_certificates_that_cannot_be_taken_are_refused)
{
    g_auto(Fixture) fixture = { 0 };
    g_auto(Answer) nothing = { 0 };
    g_auto(Answer) garbage = { 0 };
    g_auto(Answer) huge = { 0 };
    g_auto(Answer) once = { 0 };
    g_auto(Answer) twice = { 0 };
    g_autofree char *filler = g_strnfill(2 * 12289, '0');

    fixture_open(&fixture);
    nothing = fixture_command(&fixture, 2, NULL, 0, 0);
    check_answer_refused(&nothing, 33, 0);
    huge = fixture_command_hex(&fixture, 2, filler, 0);
    check_answer_refused(&huge, 33, 0);
    garbage = fixture_command_hex(&fixture, 2, "3000", 0);
    check_answer_refused(&garbage, 32, 40);
    once = add_admin(&fixture, 0, 0);
    check_answer_ok(&once);
    twice = add_admin(&fixture, 0, 0);
    check_answer_refused(&twice, 256, 38);
}
END_TEST

START_TEST(test_eight_administrators_fit)
{
    g_auto(Fixture) fixture = { 0 };
    g_auto(Answer) last = { 0 };

    fixture_open(&fixture);
    for (unsigned i = 0; i < 8; i++) {
        g_auto(Answer) answer = add_admin(&fixture, i, 0);

        check_answer_ok(&answer);
        ck_assert_uint_eq(answer.output->len, (i + 1) * FIXTURE_SKI);
    }
    last = add_admin(&fixture, 8, 0);
    check_answer_refused(&last, 261, 39);
}
END_TEST

START_TEST(test_queries_of_one_administrator_name_what_is_wrong)
{
    static const uint8_t ski[32] = { 1 };
    g_auto(Fixture) fixture = { 0 };
    g_auto(Answer) length = { 0 };
    g_auto(Answer) unknown = { 0 };

    fixture_open(&fixture);
    length = fixture_query(&fixture, 2, ski, 31);
    check_answer_refused(&length, 32, 32);
    unknown = fixture_query(&fixture, 2, ski, 32);
    check_answer_refused(&unknown, 32, 33);
}
END_TEST

START_TEST(test_removing_keeps_enough_administrators)
{
    static const uint8_t ski[32] = { 1 };
    g_auto(Fixture) fixture = { 0 };
    g_auto(Answer) length = { 0 };
    g_auto(Answer) unknown = { 0 };
    g_auto(Answer) few = { 0 };
    g_auto(Answer) third = { 0 };
    g_auto(Answer) below = { 0 };

    fixture_open(&fixture);
    fixture_set_up(&fixture, 3, 1, 2);
    length = fixture_command(&fixture, 4, ski, 20, 2);
    check_answer_refused(&length, 32, 32);
    unknown = fixture_command(&fixture, 4, ski, 32, 2);
    check_answer_refused(&unknown, 32, 33);
    few = remove_admin(&fixture, 2, 1); /* rev is 2 */
    check_answer_refused(&few, 208, 21);
    third = remove_admin(&fixture, 2, 2);
    check_answer_ok(&third);
    ck_assert_uint_eq(third.output->len, 64);
    below = remove_admin(&fixture, 1, 2);
    check_answer_refused(&below, 209, 66);
}
END_TEST

START_TEST(test_in_imprint_mode_the_last_administrator_can_be_removed)
{
    g_auto(Fixture) fixture = { 0 };
    g_auto(Answer) add = { 0 };
    g_auto(Answer) removed = { 0 };

    fixture_open(&fixture);
    add = add_admin(&fixture, 0, 0);
    check_answer_ok(&add);
    removed = remove_admin(&fixture, 0, 0);
    check_answer_ok(&removed);
    ck_assert_uint_eq(removed.output->len, 0);
}
END_TEST

START_TEST(test_the_last_but_one_stays_where_one_signature_is_not_allowed)
{
    g_auto(Fixture) fixture = { 0 };
    g_auto(Answer) forbid = { 0 };
    g_auto(Answer) refused = { 0 };

    fixture_open(&fixture);
    for (unsigned i = 0; i < 2; i++) {
        g_auto(Answer) answer = add_admin(&fixture, i, 0);

        check_answer_ok(&answer);
    }
    forbid = fixture_set_attribute(&fixture, 3, 0x81ff0001, 0);
    check_answer_ok(&forbid);
    refused = remove_admin(&fixture, 1, 0);
    check_answer_refused(&refused, 209, 67);
}
END_TEST

/* Self-signed certificate of any key. */
static GByteArray *
certify(EVP_PKEY *key)
{
    g_autoptr(X509) x509 = X509_new();
    GByteArray *bytes = g_byte_array_new();
    unsigned char *der = NULL;
    int len = 0;

    ck_assert_int_eq(X509_set_pubkey(x509, key), 1);
    X509_gmtime_adj(X509_getm_notBefore(x509), 0);
    X509_gmtime_adj(X509_getm_notAfter(x509), 86400);
    ck_assert_int_gt(X509_sign(x509, key, EVP_sha256()), 0);
    len = i2d_X509(x509, &der);
    g_byte_array_append(bytes, der, (guint) len);
    OPENSSL_free(der);
    return bytes;
}

START_TEST(test_weak_keys_and_forbidden_kinds_are_not_taken)
{
    g_auto(Fixture) fixture = { 0 };
    g_autoptr(EVP_PKEY) rsa = EVP_RSA_gen(2048);
    g_autoptr(GByteArray) certificate = certify(rsa);
    g_auto(Answer) strength = { 0 };
    g_auto(Answer) weak = { 0 };
    g_auto(Answer) any = { 0 };
    g_auto(Answer) kinds = { 0 };
    g_auto(Answer) kind = { 0 };

    fixture_open(&fixture);
    strength = fixture_set_attribute(&fixture, 4, 0x00040208, 0);
    check_answer_ok(&strength);
    weak = fixture_command(&fixture, 2, certificate->data, certificate->len, 0);
    check_answer_refused(&weak, 209, 141);
    any = fixture_set_attribute(&fixture, 4, 0x00040202, 0);
    check_answer_ok(&any);
    kinds = fixture_set_attribute(&fixture, 7, 0x00070002, 0);
    check_answer_ok(&kinds);
    kind = fixture_command(&fixture, 2, certificate->data, certificate->len, 0);
    check_answer_refused(&kind, 209, 144);
}
END_TEST

/* SignerInfo with any algorithms. */
static void
put_signer_info(GByteArray *bytes, const uint8_t ski[static 32], const char *algorithms,
                const uint8_t *signature, size_t len)
{
    g_autoptr(GByteArray) oids = test_bytes(algorithms);
    g_autoptr(GByteArray) content = g_byte_array_new();
    TkeByteBuilder inner = tke_byte_builder_into(content, 4096);
    TkeByteBuilder outer = tke_byte_builder_into(bytes, 4096);

    tke_der_element(&inner, TKE_DER_INTEGER, (const uint8_t *) "\3", 1);
    tke_der_element(&inner, 0x80, ski, 32);
    tke_byte_builder_bytes(&inner, oids->data, oids->len);
    tke_der_element(&inner, TKE_DER_OCTET_STRING, signature, len);
    tke_der_element(&outer, TKE_DER_SEQUENCE, content->data, content->len);
}

/* A command signed by this key under these algorithms; PKCS #1 or ECDSA when md is given. */
static Answer
sign_with(Fixture *fixture, EVP_PKEY *key, const uint8_t ski[static 32], const char *algorithms,
          const char *md)
{
    const Block block = fixture_next(fixture, 0x1b, NULL, 0);
    g_autoptr(GByteArray) bytes = fixture_block(&block);
    g_autoptr(GByteArray) signatures = g_byte_array_new();
    g_autoptr(GByteArray) request = NULL;
    uint8_t signature[512] = { 0 };
    size_t len = sizeof signature;

    if (md == NULL) {
        ck_assert(tke_rsa_sign_x931(key, bytes->data, bytes->len, signature, NULL));
        len = TKE_RSA_LEN;
    } else {
        g_autoptr(EVP_MD_CTX) ctx = EVP_MD_CTX_new();

        ck_assert_int_eq(EVP_DigestSignInit_ex(ctx, NULL, md, NULL, NULL, key, NULL), 1);
        ck_assert_int_eq(EVP_DigestSign(ctx, signature, &len, bytes->data, bytes->len), 1);
    }
    put_signer_info(signatures, ski, algorithms, signature, len);
    request = fixture_request(fixture, bytes, signatures);
    return fixture_send(fixture, request);
}

START_TEST(test_rsa_administrators_sign_in_both_forms)
{
    static const char sha256_rsa[] =
        "300d06096086480165030402010500 300d06092a864886f70d0101010500";
    static const char sha256_pkcs1[] =
        "300b0609608648016503040201 300b06092a864886f70d01010b"; /* without NULL */
    g_auto(Fixture) fixture = { 0 };
    g_autoptr(EVP_PKEY) rsa = EVP_RSA_gen(2048);
    g_autoptr(GByteArray) certificate = certify(rsa);
    g_autoptr(GByteArray) der = tke_rsa_public_der(rsa, NULL);
    uint8_t ski[32] = { 0 };
    g_auto(Answer) add = { 0 };
    g_auto(Answer) x931 = { 0 };
    g_auto(Answer) pkcs1 = { 0 };
    g_auto(Answer) mixed = { 0 };

    fixture_open(&fixture);
    fixture_set_up(&fixture, 1, 1, 1);
    add = fixture_command(&fixture, 2, certificate->data, certificate->len, 1);
    check_answer_ok(&add);
    ck_assert(tke_digest_sha256(der->data, der->len, ski, NULL));
    ck_assert_int_eq(memcmp(add.output->data + 32, ski, 32), 0);
    x931 = sign_with(&fixture, rsa, ski, sha256_rsa, NULL);
    check_answer_ok(&x931);
    pkcs1 = sign_with(&fixture, rsa, ski, sha256_pkcs1, "SHA256");
    check_answer_ok(&pkcs1);
    mixed = sign_with(&fixture, rsa, ski, sha256_pkcs1, NULL);
    check_answer_refused(&mixed, 192, 22);
}
END_TEST

START_TEST(test_administrators_on_other_curves_sign_with_their_hash)
{
    static const char sha256_ecdsa[] =
        "300d06096086480165030402010500 300c06082a8648ce3d0403020500";
    g_auto(Fixture) fixture = { 0 };
    g_autoptr(EVP_PKEY) key = EVP_EC_gen("P-256");
    g_autoptr(GByteArray) certificate = certify(key);
    g_auto(Answer) add = { 0 };
    g_auto(Answer) signed_command = { 0 };

    fixture_open(&fixture);
    fixture_set_up(&fixture, 1, 1, 1);
    add = fixture_command(&fixture, 2, certificate->data, certificate->len, 1);
    check_answer_ok(&add);
    signed_command = sign_with(&fixture, key, add.output->data + 32, sha256_ecdsa, "SHA256");
    check_answer_ok(&signed_command);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_an_administrator_is_listed_and_its_certificate_kept_as_it_came);
    tcase_add_test(tests, test_a_wrong_self_signature_is_of_no_interest);
    tcase_add_test(tests, test_certificates_that_cannot_be_taken_are_refused);
    tcase_add_test(tests, test_eight_administrators_fit);
    tcase_add_test(tests, test_queries_of_one_administrator_name_what_is_wrong);
    tcase_add_test(tests, test_removing_keeps_enough_administrators);
    tcase_add_test(tests, test_in_imprint_mode_the_last_administrator_can_be_removed);
    tcase_add_test(tests, test_the_last_but_one_stays_where_one_signature_is_not_allowed);
    tcase_add_test(tests, test_weak_keys_and_forbidden_kinds_are_not_taken);
    tcase_add_test(tests, test_rsa_administrators_sign_in_both_forms);
    tcase_add_test(tests, test_administrators_on_other_curves_sign_with_their_hash);
}

int
main(void)
{
    return test_main("sim-unit-admins", add_tests);
}
