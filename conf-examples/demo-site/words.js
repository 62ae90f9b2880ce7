/* Figures and names as people read them. */

const roles = {
    client_admin: "Client Admin",
    client_manager: "Client Manager",
    client_staff: "Client Staff",
};


export const role = name => roles[name] ?? "Unknown role";

export const date = text => new Intl.DateTimeFormat("en", {
    weekday: "short", day: "numeric", month: "short",
    hour: "2-digit", minute: "2-digit", hourCycle: "h23",
}).format(new Date(text));

export const initials = name =>
    name.split(" ").map(part => part[0]).join("").slice(0, 2);
