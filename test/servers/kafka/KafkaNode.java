/**
 * Runs a Kafka broker for as long as standard input is open, so that it never outlives the process
 * that started it, however that one ends. Arguments: those of kafka.Kafka.
 */
public class KafkaNode {
  public static void main(String[] args) throws Exception {
    Thread leash = new Thread(KafkaNode::endWithInput, "leash");
    leash.setDaemon(true);
    leash.start();
    kafka.Kafka.main(args);
  }

  private static void endWithInput() {
    try {
      while (System.in.read() >= 0) {}
    } catch (java.io.IOException broken) {
      // The end of the other process, too.
    }
    Runtime.getRuntime().halt(0);
  }
}
