/*
 * How long each route took, as a plot and a table. Input: a result. Output: a part of the page
 * (report_html.c). The plot has a point for each pair of answers, the source's time across and the
 * target's up, on log axes: above the diagonal the target is the slower one. A row of the table
 * shows p50, p95 and p99 as bars on one log scale, with production's where it was logged.
 */
#include "report_html_parts.h"

#include <math.h>
#include <stdio.h>

#define POINTS_MOST 6000 /* of the plot, in all */
#define LEAST 1e-5       /* seconds; shorter ones are drawn here */
#define PLOT 400.0       /* units of the plot's square */
#define LEFT 58
#define BOTTOM 34
#define BAR_WIDTH 200.0

/* A log scale from whole decade to whole decade. */
struct scale {
    int low, high; /* powers of ten, of seconds */
};

static double clamp(double seconds)
{
    return seconds > LEAST ? seconds : LEAST;
}

static void widen(struct scale *scale, double seconds)
{
    if (seconds <= 0)
        return;
    double power = log10(clamp(seconds));
    int low = (int)floor(power), high = (int)ceil(power);
    if (low < scale->low)
        scale->low = low;
    if (high > scale->high)
        scale->high = high;
}

static struct scale new_scale(void)
{
    return (struct scale){1000, -1000};
}

static void settle(struct scale *scale)
{
    if (scale->low > scale->high)
        *scale = (struct scale){-3, 0};
    if (scale->low == scale->high)
        scale->high++;
}

/* 0 … 1 */
static double place(const struct scale *scale, double seconds)
{
    return (log10(clamp(seconds)) - scale->low) / (scale->high - scale->low);
}

static void add_decade(struct buffer *out, int power)
{
    if (power < -3)
        buffer_printf(out, "%g ms", pow(10, power + 3));
    else if (power < 0)
        buffer_printf(out, "%.0f ms", pow(10, power + 3));
    else
        buffer_printf(out, "%.0f s", pow(10, power));
}

/* ---- the plot ---- */

static void add_axes(struct buffer *out, const struct scale *scale)
{
    for (int power = scale->low; power <= scale->high; power++) {
        double at = PLOT * (power - scale->low) / (scale->high - scale->low);
        buffer_printf(out, "<path class=\"grid\" d=\"M%d %.1fh%.0fM%.1f 0v%.0f\"/>", LEFT,
                      PLOT - at, PLOT, LEFT + at, PLOT);
        buffer_printf(out, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">", LEFT - 6,
                      PLOT - at + 4);
        add_decade(out, power);
        buffer_printf(out, "</text><text x=\"%.1f\" y=\"%.0f\" text-anchor=\"middle\">", LEFT + at,
                      PLOT + 16);
        add_decade(out, power);
        buffer_add_text(out, "</text>");
    }
    buffer_printf(out,
                  "<path class=\"same\" d=\"M%d %.0fl%.0f %.0f\"/>"
                  "<text x=\"%.0f\" y=\"%.0f\" text-anchor=\"middle\">source</text>"
                  "<text x=\"%d\" y=\"14\">target</text>",
                  LEFT, PLOT, PLOT, -PLOT, LEFT + PLOT / 2, PLOT + BOTTOM - 2, LEFT + 6);
}

static void add_points(struct buffer *out, const struct scale *scale,
                       const struct replay_latency *route, size_t most)
{
    if (!route->pair_count || !most)
        return;
    buffer_printf(out, "<path class=\"points%s\" d=\"", route->slower ? " slower" : "");
    for (size_t i = 0; i < route->pair_count && i < most; i++) {
        const double *pair = route->pairs[i];
        if (pair[SOURCE] > 0 && pair[TARGET] > 0)
            buffer_printf(out, "M%.1f %.1fh0", LEFT + PLOT * place(scale, pair[SOURCE]),
                          PLOT - PLOT * place(scale, pair[TARGET]));
    }
    buffer_add_text(out, "\"><title>");
    page_attribute(out, route->route);
    buffer_add_text(out, "</title></path>");
}

/* Those that became slower come last, on top. */
static void add_plot(struct html *html)
{
    const struct replay_result *result = html->result;
    struct buffer *out = html->out;
    struct scale scale = new_scale();
    size_t points = 0, left = POINTS_MOST;
    for (size_t i = 0; i < result->latency_count; i++) {
        const struct replay_latency *route = &result->latency[i];
        points += route->pair_count;
        for (size_t k = 0; k < route->pair_count; k++)
            for (int side = 0; side < SIDES; side++)
                widen(&scale, route->pairs[k][side]);
    }
    if (!points || result->one_side)
        return;
    settle(&scale);
    buffer_printf(out,
                  "<figure><svg class=\"plot\" viewBox=\"0 -6 %.0f %.0f\" role=\"img\" "
                  "aria-label=\"How long each pair of answers took, source across, target up\">",
                  LEFT + PLOT + 20, PLOT + BOTTOM + 8);
    add_axes(out, &scale);
    for (int slower = 0; slower < 2; slower++)
        for (size_t i = 0; i < result->latency_count; i++) {
            const struct replay_latency *route = &result->latency[i];
            if (route->slower != (slower == 1))
                continue;
            add_points(out, &scale, route, left);
            left -= route->pair_count < left ? route->pair_count : left;
        }
    buffer_add_text(out, "</svg><figcaption class=\"muted small\">A point for each pair of answers"
                         " of the samples kept. Above the line the target took longer.</figcaption>"
                         "</figure>\n");
}

/* ---- the table ---- */

static void add_bar(struct buffer *out, const struct scale *scale, const char *class_name,
                    double top, const double p[3])
{
    double at[3];
    if (p[0] <= 0)
        return;
    for (int i = 0; i < 3; i++)
        at[i] = BAR_WIDTH * place(scale, p[i]);
    buffer_printf(out,
                  "<path class=\"%s\" d=\"M%.1f %.1fh%.1fv6h%.1fz\"/>"
                  "<path class=\"%s thin\" d=\"M%.1f %.1fh%.1fv2h%.1fz\"/>",
                  class_name, at[0], top, fmax(at[1] - at[0], 2), -fmax(at[1] - at[0], 2),
                  class_name, at[1], top + 2, fmax(at[2] - at[1], 0), -fmax(at[2] - at[1], 0));
}

static void add_bars(struct html *html, const struct scale *scale,
                     const struct replay_latency *route)
{
    struct buffer *out = html->out;
    bool one_side = html->result->one_side;
    buffer_printf(out,
                  "<td class=\"share\"><svg class=\"quantiles\" viewBox=\"0 0 %.0f 28\" "
                  "aria-hidden=\"true\">",
                  BAR_WIDTH);
    for (int power = scale->low; power <= scale->high; power++)
        buffer_printf(out, "<path class=\"grid\" d=\"M%.1f 0v28\"/>",
                      BAR_WIDTH * (power - scale->low) / (scale->high - scale->low));
    add_bar(out, scale, "log", 1,
            (double[]){route->logged_p50, route->logged_p95, route->logged_p99});
    for (int side = 0; side < (one_side ? 1 : SIDES); side++)
        add_bar(out, scale, side_name[side], 10 + 9 * side,
                (double[]){route->p50[side], route->p95[side], route->p99[side]});
    buffer_add_text(out, "</svg></td>");
}

/* The source's above the target's; sorted by the last. */
static void add_times(struct html *html, const char *name, const double seconds[SIDES])
{
    struct buffer *out = html->out;
    bool one_side = html->result->one_side;
    buffer_printf(out, "<td class=\"number\" data-label=\"%s\" data-value=\"%.6f\">", name,
                  seconds[one_side ? SOURCE : TARGET]);
    for (int side = 0; side < (one_side ? 1 : SIDES); side++) {
        buffer_add_text(out, side ? "<br>" : "");
        html_seconds(out, seconds[side]);
    }
    buffer_add_text(out, "</td>");
}

static void add_row(struct html *html, const struct scale *scale,
                    const struct replay_latency *route, bool logged)
{
    struct buffer *out = html->out;
    bool one_side = html->result->one_side;
    buffer_add_text(out, "<tr class=\"item\" data-what=\"routes\"><th scope=\"row\">");
    html_code(out, route->route);
    if (route->slower)
        buffer_add_text(out, " <span class=\"badge missing\">slower</span>");
    buffer_printf(out, "</th><td class=\"number\" data-label=\"Pairs\" data-value=\"%llu\">",
                  (unsigned long long)route->count);
    page_count(out, route->count);
    buffer_add_text(out, "</td>");
    add_times(html, "p50", route->p50);
    add_times(html, "p95", route->p95);
    add_times(html, "p99", route->p99);
    if (logged) {
        buffer_printf(out, "<td class=\"number\" data-label=\"Log p50\" data-value=\"%.6f\">",
                      route->logged_p50);
        html_seconds(out, route->logged_p50);
        buffer_add_text(out, "</td>");
    }
    if (!one_side) {
        buffer_printf(out, "<td class=\"number\" data-label=\"Ratio\" data-value=\"%.4f\">",
                      route->ratio);
        if (route->ratio > 0)
            buffer_printf(out, "%.2f <span class=\"muted small\">%.2f–%.2f</span>", route->ratio,
                          route->ratio_low, route->ratio_high);
        buffer_add_text(out, "</td>");
    }
    add_bars(html, scale, route);
    buffer_add_text(out, "</tr>\n");
}

static void add_heads(struct html *html, bool logged)
{
    struct buffer *out = html->out;
    static const char *const of[] = {"p50", "p95", "p99"};
    buffer_add_text(out, "<div class=\"scroll\"><table class=\"latency sortable stack\"><thead><tr>"
                         "<th scope=\"col\" data-sort=\"text\">Route</th>"
                         "<th scope=\"col\" class=\"number\" data-sort=\"number\">Pairs</th>");
    for (size_t i = 0; i < 3; i++)
        buffer_printf(out, "<th scope=\"col\" class=\"number\" data-sort=\"number\">%s</th>",
                      of[i]);
    if (logged)
        buffer_add_text(out,
                        "<th scope=\"col\" class=\"number\" data-sort=\"number\">Log p50</th>");
    if (!html->result->one_side)
        buffer_add_text(out, "<th scope=\"col\" class=\"number\" data-sort=\"number\">Ratio</th>");
    buffer_add_text(out, "<th scope=\"col\">p50 to p95 and p99</th></tr></thead>\n"
                         "<tbody class=\"list\" data-page=\"25\">\n");
}

static void add_legend(struct html *html, bool logged, const struct scale *scale)
{
    static const struct {
        const char *class_name, *text;
    } bars[] = {{"log", "production"}, {"source", "source"}, {"target", "target"}};
    buffer_add_text(html->out, "<ul class=\"legend\">");
    for (size_t i = logged ? 0 : 1; i < (html->result->one_side ? 2 : 3); i++)
        buffer_printf(html->out,
                      "<li><svg class=\"quantiles\" viewBox=\"0 0 10 10\" aria-hidden=\"true\">"
                      "<path class=\"%s\" d=\"M0 0h10v10h-10z\"/></svg>%s</li>",
                      bars[i].class_name, bars[i].text);
    buffer_add_text(html->out, "<li>a line each: ");
    for (int power = scale->low; power <= scale->high; power++) {
        buffer_add_text(html->out, power > scale->low ? ", " : "");
        add_decade(html->out, power);
    }
    buffer_add_text(html->out, "</li></ul>\n");
}

void html_latency(struct html *html)
{
    const struct replay_result *result = html->result;
    struct scale scale = new_scale();
    bool logged = false;
    if (!result->latency_count)
        return;
    for (size_t i = 0; i < result->latency_count; i++) {
        const struct replay_latency *route = &result->latency[i];
        logged = logged || route->logged_p50 > 0;
        widen(&scale, route->logged_p50);
        widen(&scale, route->logged_p99);
        for (int side = 0; side < SIDES; side++) {
            widen(&scale, route->p50[side]);
            widen(&scale, route->p99[side]);
        }
    }
    settle(&scale);
    html_begin_section(html, "latency", "Latency");
    add_plot(html);
    if (!result->one_side)
        buffer_add_text(html->out, "<p class=\"muted small\">p50, p95, p99: the source's above "
                                   "the target's. Ratio: the target's time by the source's, of "
                                   "pairs, with its 95 % confidence interval.</p>\n");
    add_legend(html, logged, &scale);
    add_heads(html, logged);
    for (size_t i = 0; i < result->latency_count; i++)
        add_row(html, &scale, &result->latency[i], logged);
    buffer_add_text(html->out, "</tbody></table></div>\n");
    html_end_section(html);
}
