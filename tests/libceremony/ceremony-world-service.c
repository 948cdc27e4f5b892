/*
 * The service of a ceremony world: its instances and units, and the roots by which their modules
 * are known.
 */
#include "tests/libceremony/ceremony-world.h"

#define OTHER "]},{'id':'" CEREMONY_WORLD_OTHER "','name':'J','units':["

JsonObject *
ceremony_world_make_scenario(unsigned n_units, bool apart)
{
    g_autoptr(GString) text = g_string_new("{'account':'A','user':'U','region':'us-south',"
                                           "'resource_group':'R','instances':[{'id':"
                                           "'" CEREMONY_WORLD_INSTANCE "','name':'I','units':[");
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autoptr(GError) error = NULL;

    for (unsigned i = 0; i < n_units; i++) {
        bool last = apart && i + 1 == n_units;

        g_string_append_printf(
            text,
            "%s%s{'type':'operational','zone':'us-south','host':'AZ%u','module':%u,"
            "'domain':%u,'kind':'CEX%u','serial':'93AA%04u'}",
            i == 0 || last ? "" : ",", last ? OTHER : "", i % 3 + 1, i + 1, i + 3, 7 + i % 2,
            1000 + i);
    }
    g_string_append(text, "]}]}");
    g_strdelimit(text->str, "'", '"');
    card_world_check(json_parser_load_from_data(parser, text->str, -1, &error), error);
    return json_object_ref(json_node_get_object(json_parser_get_root(parser)));
}

TkeModuleRoots *
ceremony_world_make_roots(SimService *service)
{
    TkeModuleRoots *roots = tke_module_roots_new_rehearsal();
    g_autoptr(GError) error = NULL;

    for (size_t i = 0; i < sim_service_get_n_roots(service); i++) {
        SimRoot root;

        sim_service_get_root(service, i, &root);
        card_world_check(tke_module_roots_add_generation(roots, root.name, root.point, &error),
                         error);
    }
    return roots;
}
