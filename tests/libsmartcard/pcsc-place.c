/*
 * One PC/SC reader with a card in it, on the made-up service.
 */
#include "tests/libsmartcard/pcsc-place.h"

#include <check.h>
#include <string.h>

#include "libsmartcard/pcsc-transport-private.h"
#include "tests/support/test-bytes.h"

PcscPlace
pcsc_place_make(unsigned answer_ms)
{
    const TkePcscOptions options = { .answer_ms = answer_ms };
    PcscPlace place = { 0 };

    fake_pcsc_reset();
    place.reader = fake_pcsc_add(PCSC_PLACE_NAME);
    fake_pcsc_insert(place.reader);
    place.source = tke_pcsc_transport_new_on(&fake_pcsc_api, &options);
    return place;
}

void
pcsc_place_end(PcscPlace *place)
{
    place->source->ops->free(place->source);
    ck_assert_uint_eq(fake_pcsc_handles(), 0);
    ck_assert_uint_eq(fake_pcsc_contexts(), 0);
}

TkeCardConnection *
pcsc_place_try_connect(const PcscPlace *place, GError **error)
{
    return place->source->ops->connect(place->source, PCSC_PLACE_NAME, NULL, error);
}

TkeCardConnection *
pcsc_place_connect(const PcscPlace *place)
{
    g_autoptr(GError) error = NULL;
    TkeCardConnection *connection = pcsc_place_try_connect(place, &error);

    ck_assert_msg(connection != NULL, "%s", error != NULL ? error->message : "no error");
    return connection;
}

char *
pcsc_place_exchange(TkeCardConnection *connection, const char *hex, GError **error)
{
    g_autoptr(GByteArray) command = test_bytes(hex);
    uint8_t answer[300];
    size_t len = 0;

    return connection->ops->exchange(connection, command->data, command->len, answer, sizeof answer,
                                     &len, error)
               ? tke_hex_encode(answer, len)
               : NULL;
}

void
pcsc_place_check_exchange_fails(TkeCardConnection *connection, TkeCardError code)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *answer = pcsc_place_exchange(connection, "00a40400", &error);

    ck_assert_ptr_null(answer);
    test_bytes_check_error(error, TKE_CARD_ERROR, (int) code);
    ck_assert_msg(strstr(error->message, PCSC_PLACE_NAME) != NULL, "%s", error->message);
}
