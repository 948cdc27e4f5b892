/*
 * Simulated units behind real TLS.
 */
#include "tests/libep11admin/sim-units.h"

#include <check.h>
#include <glib/gstdio.h>

#include "libep11admin/admin-certificate.h"
#include "libep11admin/https-transport.h"
#include "libep11admin/unit-admins.h"
#include "libep11admin/unit-attributes.h"

static void
check(bool ok, const GError *error)
{
    ck_assert_msg(ok, "%s", error == NULL ? "failed without an error" : error->message);
}

static JsonNode *
parse(const char *text)
{
    g_autofree char *json = g_strdelimit(g_strdup(text), "'", '"');
    JsonNode *node = json_from_string(json, NULL);

    ck_assert_ptr_nonnull(node);
    return node;
}

static char *
make_scenario(const SimUnits *units, const char *types)
{
    GString *text =
        g_string_new("{'account':'a','user':'u','resource_group':'g','region':'us-south'");

    g_string_append_printf(text, ",'instances':[{'id':'%s','name':'n','units':[", units->instance);
    for (unsigned i = 0; types[i] != '\0'; i++) {
        const char *type = types[i] == 'o'   ? "operational"
                           : types[i] == 'r' ? "recovery"
                                             : "failover";

        g_string_append_printf(text,
                               "%s{'type':'%s','zone':'us-south','host':'AZ%u-CS1','module':%u,"
                               "'domain':%u,'kind':'CEX%u','serial':'93AA%04u'}",
                               i > 0 ? "," : "", type, i, i % 16, i + 3, 5 + i % 4, i);
    }
    g_string_append(text, "]}]}");
    return g_string_free(text, FALSE);
}

static void
take_roots(SimUnits *units)
{
    units->roots = tke_module_roots_new_rehearsal();
    for (size_t i = 0; i < sim_service_get_n_roots(units->service); i++) {
        SimRoot root;
        g_autoptr(GError) error = NULL;
        TkeModuleCertificateKind kind = TKE_MODULE_CERTIFICATE_OA2;

        sim_service_get_root(units->service, i, &root);
        if (g_str_equal(root.name, "CEX5")) {
            kind = TKE_MODULE_CERTIFICATE_OA1;
        } else if (g_str_equal(root.name, "CEX8")) {
            kind = TKE_MODULE_CERTIFICATE_OA3;
        }
        check(tke_module_roots_add(units->roots, root.name, kind,
                                   kind == TKE_MODULE_CERTIFICATE_OA1 ? NULL : root.ski, root.point,
                                   &error),
              error);
    }
}

void
sim_units_start_anew(SimUnits *units)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeSecret) token = sim_service_new_token(units->service, 0, &error);
    TkeHttpsConfig config = { .base_url = sim_https_server_get_url(units->server),
                              .token = token,
                              .ca_pem = sim_service_get_ca_pem(units->service),
                              .direct = true,
                              .timeout_ms = 60000 };

    g_clear_pointer(&units->units, g_ptr_array_unref);
    g_clear_pointer(&units->transport, tke_unit_transport_free);
    units->transport = tke_https_transport_new(&config, &error);
    check(units->transport != NULL, error);
    units->units = tke_unit_query_list(units->transport, units->instance, 1, NULL, &error);
    check(units->units != NULL, error);
}

SimUnits *
sim_units_new(const char *types)
{
    static const char *const names[] = { "Alice", "Bob" };
    SimUnits *units = g_new0(SimUnits, 1);
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    g_autoptr(JsonNode) scenario = NULL;

    units->instance = g_uuid_string_random();
    units->dir = g_dir_make_tmp("opentke-units-XXXXXX", &error);
    check(units->dir != NULL, error);
    text = make_scenario(units, types);
    scenario = parse(text);
    units->service = sim_service_new(json_node_get_object(scenario), units->dir, &error);
    check(units->service != NULL, error);
    units->server = sim_https_server_new(units->service, &error);
    check(units->server != NULL, error);
    take_roots(units);
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        units->keys[i] = tke_ec_key_generate(NULL);
        units->signers[i] = test_signer(units->keys[i]);
        units->signers[i].base.name = (char *) names[i];
        units->certificates[i] = tke_admin_certificate_new(&units->signers[i].base, units->keys[i],
                                                           names[i], NULL, &error);
        check(units->certificates[i] != NULL, error);
    }
    sim_units_start_anew(units);
    return units;
}

static void
remove_tree(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name = NULL;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *child = g_build_filename(path, name, NULL);

        remove_tree(child);
    }
    g_remove(path);
}

void
sim_units_free(SimUnits *units)
{
    g_ptr_array_unref(units->units);
    tke_unit_transport_free(units->transport);
    sim_https_server_free(units->server);
    sim_service_free(units->service);
    tke_module_roots_free(units->roots);
    for (unsigned i = 0; i < G_N_ELEMENTS(units->keys); i++) {
        EVP_PKEY_free(units->keys[i]);
        g_byte_array_unref(units->certificates[i]);
    }
    remove_tree(units->dir);
    g_free(units->dir);
    g_free(units->instance);
    g_free(units);
}

TkeUnit *
sim_units_unit(SimUnits *units, unsigned i)
{
    return g_ptr_array_index(units->units, i);
}

SimUnit *
sim_units_sim(SimUnits *units, unsigned i)
{
    return sim_service_find_unit(units->service, tke_unit_get_hsm_id(sim_units_unit(units, i)));
}

void
sim_units_fault(SimUnits *units, const char *order)
{
    g_autoptr(JsonNode) node = parse(order);
    g_autoptr(GError) error = NULL;

    check(sim_service_fault(units->service, json_node_get_object(node), &error), error);
}

GPtrArray *
sim_units_query(SimUnits *units, TkeKnownModules *known, TkeUnitQueryFlags flags)
{
    g_autoptr(GError) error = NULL;
    GPtrArray *states =
        tke_unit_query_states(units->transport, (TkeUnit *const *) units->units->pdata,
                              units->units->len, units->roots, known, flags, NULL, &error);

    check(states != NULL, error);
    return states;
}

void
sim_units_query_well(SimUnits *units)
{
    g_autoptr(GPtrArray) states = sim_units_query(units, NULL, TKE_UNIT_QUERY_DEFAULT);

    for (guint i = 0; i < states->len; i++) {
        const TkeUnitState *state = g_ptr_array_index(states, i);

        check(state->error == NULL, state->error);
        ck_assert_uint_eq(state->warnings->len, 0);
    }
}

GPtrArray *
sim_units_run(SimUnits *units, SimUnitsMake make, unsigned n_signers)
{
    GPtrArray *commands = g_ptr_array_new_with_free_func((GDestroyNotify) tke_unit_command_free);
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < units->units->len; i++) {
        TkeUnitCommand *command = make(units, i, &error);

        check(command != NULL, error);
        ck_assert_uint_eq(tke_unit_command_get_needed(command), n_signers);
        for (unsigned j = 0; j < n_signers; j++) {
            check(tke_unit_command_add_signer(command, &units->signers[j].base, NULL, &error),
                  error);
        }
        g_ptr_array_add(commands, command);
    }
    check(tke_unit_command_send(units->transport, (TkeUnitCommand *const *) commands->pdata,
                                commands->len, NULL, &error),
          error);
    return commands;
}

static TkeUnitCommand *
add_first(SimUnits *units, unsigned i, GError **error)
{
    return tke_unit_admins_new_add(sim_units_unit(units, i), units->certificates[0]->data,
                                   units->certificates[0]->len, error);
}

static TkeUnitCommand *
add_second(SimUnits *units, unsigned i, GError **error)
{
    return tke_unit_admins_new_add(sim_units_unit(units, i), units->certificates[1]->data,
                                   units->certificates[1]->len, error);
}

static TkeUnitCommand *
set_thresholds(SimUnits *units, unsigned i, GError **error)
{
    return tke_unit_attributes_new_thresholds(sim_units_unit(units, i), 2, 2, error);
}

void
sim_units_secure(SimUnits *units)
{
    g_ptr_array_unref(sim_units_run(units, add_first, 0));
    g_ptr_array_unref(sim_units_run(units, add_second, 0));
    g_ptr_array_unref(sim_units_run(units, set_thresholds, 2));
}
