/*
 * html`…`: a template whose values are escaped.  What it returns is safe to
 * put into another one; a list is joined; null and false are nothing.
 */

const ENTITY = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;",
    "'": "&#39;" };


class Html {
    constructor(text) {
        this.text = text;
    }

    toString() {
        return this.text;
    }
}


export function html(strings, ...values) {
    return new Html(String.raw({ raw: strings }, ...values.map(safe)));
}


function safe(value) {
    if (value === null || value === undefined || value === false) {
        return "";
    }

    if (Array.isArray(value)) {
        return value.map(safe).join("");
    }

    return value instanceof Html
        ? value.text : String(value).replace(/[&<>"']/g, c => ENTITY[c]);
}
