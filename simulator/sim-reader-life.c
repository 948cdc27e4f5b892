/*
 * Virtual readers: made and freed, what is known of them without asking.
 */
#include "simulator/sim-pin-pad.h"
#include "simulator/sim-reader-private.h"

SimReader *
sim_reader_new(const SimReaderOptions *options)
{
    SimReader *reader = g_new0(SimReader, 1);

    g_mutex_init(&reader->lock);
    g_cond_init(&reader->changed);
    reader->options = *options;
    reader->model = sim_pad_model_find(options->no_pad           ? "none"
                                       : options->keypad != NULL ? options->keypad
                                                                 : "standard");
    g_assert(reader->model != NULL);
    reader->options.keypad = reader->model->word;
    reader->options.no_pad = strcmp(reader->model->word, "none") == 0;
    reader->options.name = g_strdup(options->name);
    reader->options.model = g_strdup(options->model == NULL ? "" : options->model);
    reader->options.serial = g_strdup(options->serial == NULL ? "" : options->serial);
    reader->options.port = g_strdup(options->port == NULL ? "" : options->port);
    if (options->second_ms == 0) {
        reader->options.second_ms = 1000;
    }
    return reader;
}

void
sim_reader_free(SimReader *reader)
{
    if (reader == NULL) {
        return;
    }
    sim_reader_remove(reader);
    sim_pin_pad_clear(&reader->pad);
    g_free((char *) reader->options.name);
    g_free((char *) reader->options.model);
    g_free((char *) reader->options.serial);
    g_free((char *) reader->options.port);
    g_cond_clear(&reader->changed);
    g_mutex_clear(&reader->lock);
    g_free(reader);
}

const SimReaderOptions *
sim_reader_get_options(const SimReader *reader)
{
    return &reader->options;
}

void
sim_reader_set_second(SimReader *reader, unsigned second_ms)
{
    g_mutex_lock(&reader->lock);
    reader->options.second_ms = second_ms;
    g_mutex_unlock(&reader->lock);
}

void
sim_reader_set_observer(SimReader *reader, SimReaderObserver observer, void *data)
{
    g_mutex_lock(&reader->lock);
    reader->observer = observer;
    reader->observer_data = data;
    g_mutex_unlock(&reader->lock);
}
