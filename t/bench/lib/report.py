"""The report: tables in Markdown, and targets that are met or not."""


class Report:
    def __init__(self):
        self.parts, self.targets = [], []

    def heading(self, text):
        self.parts.append('### ' + text)

    def text(self, text):
        self.parts.append(text)

    def table(self, head, rows):
        lines = ['| %s |' % ' | '.join(head),
                 '| %s |' % ' | '.join(
                     '---' if i == 0 else '---:' for i in range(len(head)))]
        lines += ['| %s |' % ' | '.join(str(cell) for cell in row)
                  for row in rows]
        self.parts.append('\n'.join(lines))

    def target(self, what, wanted, seen, met):
        """"met" may be None: it could not be measured."""

        self.targets.append((what, wanted, seen, {
            True: 'met', False: '**not met**', None: 'not measured'}[met]))

    def markdown(self):
        parts = list(self.parts)

        if self.targets:
            other = Report()
            other.heading('Targets')
            other.table(('target', 'wanted', 'measured', ''), self.targets)
            parts = parts[:1] + other.parts + parts[1:]

        return '\n\n'.join(parts) + '\n'


def number(value, digits=0):
    """12345 as 12 345: thousands are set off by a narrow blank."""

    return '{:,.{}f}'.format(value, digits).replace(',', '\u202f')
