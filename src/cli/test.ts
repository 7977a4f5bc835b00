/** `test`: runs the tests inside rule files and the samples inside parser files. */
import { loadParsers, loadRules, sortDefinitions } from '../catalog.ts'
import { LastpushError } from '../model/errors.ts'
import { visible } from '../model/escape.ts'
import { runSamples } from '../parsers/definition.ts'
import { runRuleTest } from '../replay/rule-test.ts'
import { configOf } from './engine.ts'
import { counted, print, type AddCommand, type Io } from './io.ts'

interface TestOptions {
  readonly config?: string
}

export const addTest: AddCommand = (program, io) => {
  program
    .command('test')
    .summary('run the tests inside rules and the samples inside parsers')
    .argument('[files...]', 'rule or parser files; default: those of the configuration')
    .option('-c, --config <file>', 'lastpush.yaml')
    .addHelpText('after', '\nExample:\n  lastpush test rules/checkout-errors.yaml\n')
    .action((files: string[], options: TestOptions) => test(io, files, options))
}

async function test(io: Io, files: readonly string[], options: TestOptions): Promise<void> {
  const config = configOf(options)
  const { rules, parsers } = files.length > 0 ? await sortDefinitions(files) : config
  let passed = 0
  let failed = 0
  const note = (name: string, failures: readonly string[]): void => {
    if (failures.length === 0) passed++
    else failed++
    print(io, `${failures.length === 0 ? 'ok  ' : 'FAIL'} ${visible(name)}`)
    for (const failure of failures) print(io, `     ${visible(failure)}`)
  }
  for (const { rule, tests } of await loadRules(rules, config)) {
    if (tests.length === 0) print(io, `none ${visible(rule.name)}: no tests`)
    for (const each of tests) note(`${rule.name}: ${each.name}`, runRuleTest(rule, each))
  }
  for (const { definition, parser } of await loadParsers(parsers)) {
    note(
      `${parser.name}: ${counted(definition.samples.length, 'sample')}`,
      runSamples(definition, parser),
    )
  }
  print(io, `${passed} passed, ${failed} failed`)
  if (failed > 0) io.exitCode = new LastpushError('RULE_TEST_FAILED', '').exitCode
}
