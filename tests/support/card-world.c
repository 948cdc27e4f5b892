/*
 * A zone on virtual cards.
 */
#include "tests/support/card-world.h"

#include "libsmartcard/ca-card-init.h"
#include "libsmartcard/ep11-card.h"
#include "libsmartcard/pin-pad.h"

CardWorld *
card_world_new(unsigned second_ms)
{
    CardWorld *world = g_new0(CardWorld, 1);

    world->readers = virtual_readers_new(2, second_ms);
    world->source = virtual_readers_source(world->readers);
    world->cards = g_ptr_array_new_with_free_func((GDestroyNotify) sim_card_free);
    return world;
}

void
card_world_free(CardWorld *world)
{
    if (world == NULL) {
        return;
    }
    world->source->ops->free(world->source);
    virtual_readers_free(world->readers);
    g_ptr_array_unref(world->cards);
    g_free(world);
}

SimCard *
card_world_make_card(CardWorld *world, const char *name, SimCardKind kind)
{
    g_autoptr(GError) error = NULL;
    SimCard *card = sim_card_new(name, kind, &error);

    card_world_check(card != NULL, error);
    sim_card_set_extended_length(card, true);
    g_ptr_array_add(world->cards, card);
    return card;
}

TkeCard *
card_world_insert(CardWorld *world, SimCard *card, unsigned number)
{
    SimReader *reader = virtual_readers_get(world->readers, number);
    g_autoptr(GError) error = NULL;
    TkeCard *opened = NULL;

    sim_reader_remove(reader);
    card_world_check(sim_reader_insert(reader, card, &error), error);
    opened = tke_card_open(world->source, virtual_readers_get_name(world->readers, number), number,
                           NULL, &error);
    card_world_check(opened != NULL, error);
    return opened;
}

TkeCard *
card_world_recognise(CardWorld *world, SimCard *card, unsigned number, TkeCardStatus *status)
{
    TkeCard *opened = card_world_insert(world, card, number);
    g_autoptr(GError) error = NULL;

    card_world_check(tke_card_recognise(opened, status, &error), error);
    return opened;
}

void
card_world_verify(CardWorld *world, TkeCard *card, uint8_t reference, const char *pin)
{
    g_autofree char *keys = g_strdup_printf("%sE", pin);
    g_autoptr(GError) error = NULL;

    virtual_readers_type(world->readers, tke_card_get_reader_number(card), keys);
    card_world_check(tke_pin_pad_verify(card, reference, &error), error);
}

void
card_world_set_pin(CardWorld *world, TkeCard *card, uint8_t reference, const char *pin)
{
    g_autofree char *keys = g_strdup_printf("%sE%sE", pin, pin);
    g_autoptr(GError) error = NULL;

    virtual_readers_type(world->readers, tke_card_get_reader_number(card), keys);
    card_world_check(tke_pin_pad_set(card, reference, &error), error);
}

void
card_world_make_zone(CardWorld *world)
{
    TkeCardStatus status = { 0 };
    g_autoptr(TkeCard) card = NULL;
    g_autoptr(GError) error = NULL;

    world->ca = card_world_make_card(world, "ca", SIM_CARD_CA);
    card = card_world_recognise(world, world->ca, 1, &status);
    card_world_set_pin(world, card, TKE_PIN_FIRST, WORLD_FIRST);
    card_world_set_pin(world, card, TKE_PIN_SECOND, WORLD_SECOND);
    card_world_check(tke_ca_card_create_zone(card, "Test zone", "CA 1", &world->zone, &error),
                     error);
}

TkeCard *
card_world_open_ca(CardWorld *world)
{
    TkeCardStatus status = { 0 };
    TkeCard *card = card_world_recognise(world, world->ca, 1, &status);

    card_world_verify(world, card, TKE_PIN_FIRST, WORLD_FIRST);
    card_world_verify(world, card, TKE_PIN_SECOND, WORLD_SECOND);
    return card;
}

SimCard *
card_world_make_member(CardWorld *world, const char *name)
{
    SimCard *made = card_world_make_card(world, name, SIM_CARD_EP11);
    g_autoptr(TkeCard) ca = card_world_open_ca(world);
    TkeCardStatus status = { 0 };
    g_autoptr(TkeCard) card = card_world_recognise(world, made, 2, &status);
    TkeZoneCertificate certificate = { 0 };
    g_autoptr(GError) error = NULL;

    card_world_check(tke_ep11_card_enrol(card, &status, ca, &world->zone, &certificate, &error),
                     error);
    card_world_set_pin(world, card, TKE_PIN_FIRST, WORLD_PIN);
    card_world_check(tke_card_set_description(card, name, &error), error);
    return made;
}

TkeCard *
card_world_open_member(CardWorld *world, SimCard *card, unsigned number, TkeCardStatus *status)
{
    TkeCard *opened = card_world_recognise(world, card, number, status);

    card_world_verify(world, opened, TKE_PIN_FIRST, WORLD_PIN);
    return opened;
}
