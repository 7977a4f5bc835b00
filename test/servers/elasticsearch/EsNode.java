import java.nio.file.Path;
import java.util.Map;
import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.node.InternalSettingsPreparer;
import org.elasticsearch.node.Node;

/**
 * Runs one Elasticsearch node without its distribution, for as long as standard input is open.
 * Arguments: HTTP port, home (with modules/ and config/), folder for data and logs.
 * Not in these jars: GET /, security, ILM, data streams, painless scripts.
 */
public class EsNode {
  public static void main(String[] args) throws Exception {
    LogConfigurator.configureWithoutConfig(Settings.EMPTY);
    Settings settings =
        Settings.builder()
            .put("path.home", args[1])
            .put("path.data", args[2] + "/data")
            .put("path.logs", args[2] + "/logs")
            .put("cluster.name", "lastpush-test")
            .put("node.name", "one")
            .put("discovery.type", "single-node")
            .put("network.host", "127.0.0.1")
            .put("http.port", args[0])
            .put("transport.port", "0")
            .put("cluster.routing.allocation.disk.threshold_enabled", false)
            // Each look at the disk takes away the block of a full one, which tests set.
            .put("cluster.info.update.interval", "1h")
            .build();
    var environment =
        InternalSettingsPreparer.prepareEnvironment(
            settings, Map.of(), Path.of(args[1], "config"), () -> "one");
    new Node(environment).start();
    System.out.println("Elasticsearch started");
    while (System.in.read() >= 0) {}
    Runtime.getRuntime().halt(0);
  }
}
