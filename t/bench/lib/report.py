"""The report: tables in Markdown, and targets that are met or not."""

from stats import median

QUIET = 0.2                         # cores that others may take


class Report:
    def __init__(self):
        self.parts, self.targets = [], []
        self.remark = ''            # said before all tables

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

        if self.remark:
            parts.insert(1, self.remark)

        if self.targets:
            other = Report()
            other.heading('Targets')
            other.table(('target', 'wanted', 'measured', ''), self.targets)
            at = 2 if self.remark else 1
            parts[at:at] = other.parts

        return '\n\n'.join(parts) + '\n'


def company(runs):
    """What else the machine was busy with, and what that means."""

    shares = [run['foreign'] for rounds in runs for case in rounds.values()
              for run in case if 'foreign' in run]
    stolen = [run['stolen'] for rounds in runs for case in rounds.values()
              for run in case if 'stolen' in run]

    if not shares:
        return ''

    text = ('During a run other programs of this machine took %.2f cores (the '
            'median; at most %.2f), and its host at most %.2f.'
            % (median(shares), max(shares), max(stolen)))

    if median(shares) > QUIET:
        text += (' **That is a busy machine**: rates and latencies are far '
                 'from what it can, and targets that need it quiet are missed '
                 'whatever is measured.')

    return text


def number(value, digits=0):
    """12345 as 12 345: thousands are set off by a narrow blank."""

    return '{:,.{}f}'.format(value, digits).replace(',', '\u202f')
