/* A form that asks for its company offers rows of that company alone; the server judges whatever is sent. */
"use strict";
{
    const $ = django.jQuery;
    const chosen = () => document.getElementById("id_company");

    $.ajaxPrefilter((options) => {
        const box = chosen();
        if (!box || !box.value || !options.url.includes("/choices/") || options.url.includes("company=")) return;
        options.url += `${options.url.includes("?") ? "&" : "?"}company=${encodeURIComponent(box.value)}`;
    });

    $(() => {
        const box = chosen();
        if (!box) return;
        let before = box.value;
        $(box).on("change", () => {
            if (before && before !== box.value) {
                $(".admin-autocomplete").not(box).val(null).trigger("change");
            }
            before = box.value;
        });
    });
}
