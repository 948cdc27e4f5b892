/*
 * Cards, administrators and states of the world of the tests.
 */
#include "libceremony/op-admins.h"
#include "libceremony/op-key-part.h"
#include "tests/libceremony/ceremony-world.h"

void
ceremony_world_make_zone(CeremonyWorld *world)
{
    card_world_make_zone(world->cards);
    g_hash_table_insert(world->by_name, (gpointer) sim_card_get_name(world->cards->ca),
                        world->cards->ca);
    ceremony_world_restart(world);
}

void
ceremony_world_make_member(CeremonyWorld *world, const char *name)
{
    SimCard *card;

    if (g_hash_table_contains(world->by_name, name)) {
        return;
    }
    card = card_world_make_member(world->cards, name);
    g_hash_table_insert(world->by_name, (gpointer) sim_card_get_name(card), card);
    ceremony_world_restart(world);
}

void
ceremony_world_make_admin(CeremonyWorld *world, const char *card, const char *name)
{
    const TkeGenerateKeyParams params = { .name = name };
    g_autoptr(GError) error = NULL;

    ceremony_world_make_member(world, card);
    ceremony_world_hand(world, 2, card, NULL);
    card_world_check(tke_op_generate_signature_key(world->op, &params, NULL, NULL, &error), error);
    ceremony_world_restart(world);
}

void
ceremony_world_make_part(CeremonyWorld *world, const char *card, const char *description)
{
    const TkeGeneratePartParams params = { .description = description };
    g_autoptr(GError) error = NULL;

    ceremony_world_make_member(world, card);
    ceremony_world_hand(world, 2, card, NULL);
    card_world_check(tke_op_generate_key_part(world->op, &params, NULL, NULL, &error), error);
    ceremony_world_restart(world);
}

void
ceremony_world_add_admins(CeremonyWorld *world, unsigned n_admins)
{
    for (unsigned i = 1; i <= n_admins; i++) {
        g_autofree char *card = g_strdup_printf("admin-%u", i);
        g_auto(TkeAdminResult) result = { .units = NULL };
        g_autoptr(GError) error = NULL;

        ceremony_world_hand(world, 1, card, NULL);
        card_world_check(tke_op_admin_add(world->op, world->units, &result, &error), error);
    }
    ceremony_world_restart(world);
}

GPtrArray *
ceremony_world_states(CeremonyWorld *world)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) units = tke_unit_directory_get_selected(world->units, &error);
    GPtrArray *states;

    card_world_check(units != NULL, error);
    states = tke_unit_directory_query(world->units, units, TKE_UNIT_QUERY_SIGNED_VPS, NULL, &error);
    card_world_check(states != NULL, error);
    for (unsigned i = 0; i < states->len; i++) {
        const TkeUnitState *state = g_ptr_array_index(states, i);

        card_world_check(state->error == NULL, state->error);
    }
    return states;
}

void
ceremony_world_type(CeremonyWorld *world, unsigned reader, const char *keys)
{
    g_queue_push_tail(world->keys[reader - 1], g_strdup(keys));
}

TkeCardSessionCounts
ceremony_world_counts(CeremonyWorld *world)
{
    TkeCardSessionCounts counts;

    tke_card_session_get_counts(world->session, &counts);
    return counts;
}

SimCard *
ceremony_world_card(CeremonyWorld *world, const char *name)
{
    SimCard *card = g_hash_table_lookup(world->by_name, name);

    ck_assert_msg(card != NULL, "there is no card %s", name);
    return card;
}

SimCardInfo
ceremony_world_info(CeremonyWorld *world, const char *name)
{
    SimCardInfo info = { 0 };

    sim_card_get_info(ceremony_world_card(world, name), &info);
    return info;
}
