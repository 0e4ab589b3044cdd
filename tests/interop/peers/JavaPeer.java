import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Security;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;
import java.util.Base64;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Java's TLS as a peer, steered by lines on standard input; each is answered by lines, the last of
 * which is "done". FOLDER holds authority.pem, server-KIND.pem and client-KIND.pem with their keys.
 *
 * <pre>
 * suites                                       every suite it has
 * serve none|want|need [PROTOCOLS]             "port N"; without PROTOCOLS those before TLS 1.3
 * connect PORT PROTOCOLS SUITE KIND|- ID|TICKET COUNT [update]
 *     COUNT connections with one session cache, "page ..." or "error ..." each; with new keys
 *     before each request
 * </pre>
 */
class JavaPeer {
    private static Path folder;

    public static void main(String[] arguments) throws Exception {
        folder = Path.of(arguments[0]);
        Security.setProperty("jdk.tls.disabledAlgorithms", "");
        Security.setProperty("jdk.tls.legacyAlgorithms", "");
        Security.setProperty("jdk.certpath.disabledAlgorithms", "");
        System.setProperty("jdk.tls.allowUnsafeServerCertChange", "true");
        var input = new BufferedReader(new InputStreamReader(System.in));
        for (String line; (line = input.readLine()) != null; ) {
            String[] words = line.split(" ");
            try {
                switch (words[0]) {
                    case "suites" -> System.out.println(String.join(" ", suites()));
                    case "serve" -> System.out.println("port " + serve(words));
                    case "connect" -> connect(words);
                    default -> System.out.println("error unknown command");
                }
            } catch (Exception exception) {
                System.out.println("error " + exception);
            }
            System.out.println("done");
            System.out.flush();
        }
        System.exit(0);
    }

    private static String[] suites() throws Exception {
        return SSLContext.getDefault().getSupportedSSLParameters().getCipherSuites();
    }

    /** The name that Java has for a suite: those of SSL 3.0 begin with SSL_. */
    private static String ownName(String suite) throws Exception {
        return Arrays.stream(suites())
                .filter(each -> each.substring(3).equals(suite.substring(3)))
                .findFirst()
                .orElse(suite);
    }

    private static PrivateKey key(Path file) throws Exception {
        String text = Files.readString(file).replaceAll("-----.*-----|\\s", "");
        var specification = new PKCS8EncodedKeySpec(Base64.getDecoder().decode(text));
        for (String algorithm : new String[] {"RSA", "EC", "DSA"}) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(specification);
            } catch (java.security.spec.InvalidKeySpecException exception) {
                // a key of another kind
            }
        }
        throw new IOException("no known kind of key: " + file);
    }

    private static Certificate certificate(Path file) throws Exception {
        try (InputStream stream = Files.newInputStream(file)) {
            return CertificateFactory.getInstance("X.509").generateCertificate(stream);
        }
    }

    private static SSLContext context(String... identities) throws Exception {
        KeyStore keys = KeyStore.getInstance("PKCS12");
        keys.load(null, null);
        char[] password = "password".toCharArray();
        for (String name : identities) {
            Certificate[] chain = {certificate(folder.resolve(name + ".pem"))};
            keys.setKeyEntry(name, key(folder.resolve(name + ".key.pem")), password, chain);
        }
        KeyManagerFactory keyManagers = KeyManagerFactory.getInstance("SunX509");
        keyManagers.init(keys, password);
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry("authority", certificate(folder.resolve("authority.pem")));
        TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
        trust.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        var manager = new Trust((X509ExtendedTrustManager) trust.getTrustManagers()[0]);
        context.init(keyManagers.getKeyManagers(), new TrustManager[] {manager}, null);
        return context;
    }

    /** Java's own check, but that it has forgotten DHE_DSS_EXPORT among the key exchanges. */
    private static class Trust extends X509ExtendedTrustManager {
        private final X509ExtendedTrustManager own;

        Trust(X509ExtendedTrustManager own) {
            this.own = own;
        }

        private static String known(String keyExchange) {
            return keyExchange.equals("DHE_DSS_EXPORT") ? "DHE_DSS" : keyExchange;
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String kind)
                throws CertificateException {
            own.checkClientTrusted(chain, kind);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String kind, Socket socket)
                throws CertificateException {
            own.checkClientTrusted(chain, kind, socket);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String kind, SSLEngine engine)
                throws CertificateException {
            own.checkClientTrusted(chain, kind, engine);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String kind)
                throws CertificateException {
            own.checkServerTrusted(chain, known(kind));
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String kind, Socket socket)
                throws CertificateException {
            own.checkServerTrusted(chain, known(kind), socket);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String kind, SSLEngine engine)
                throws CertificateException {
            own.checkServerTrusted(chain, known(kind), engine);
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return own.getAcceptedIssuers();
        }
    }

    private static int serve(String[] words) throws Exception {
        SSLContext context = context("server-RSA", "server-ECDSA", "server-DSA");
        var server =
                (SSLServerSocket)
                        context.getServerSocketFactory()
                                .createServerSocket(0, 100, InetAddress.getLoopbackAddress());
        String protocols = words.length > 2 ? words[2] : "SSLv2Hello,SSLv3,TLSv1,TLSv1.1,TLSv1.2";
        server.setEnabledProtocols(protocols.split(","));
        server.setEnabledCipherSuites(suites());
        server.setWantClientAuth(words[1].equals("want"));
        if (words[1].equals("need")) {
            server.setNeedClientAuth(true);
        }
        Thread thread = new Thread(() -> accept(server));
        thread.setDaemon(true);
        thread.start();
        return server.getLocalPort();
    }

    private static void accept(SSLServerSocket server) {
        while (true) {
            try {
                SSLSocket socket = (SSLSocket) server.accept();
                Thread thread = new Thread(() -> answer(socket));
                thread.setDaemon(true);
                thread.start();
            } catch (IOException exception) {
                return;
            }
        }
    }

    private static void answer(SSLSocket socket) {
        try (socket) {
            socket.setSoTimeout(10_000);
            String request = "";
            while (!request.endsWith("\r\n\r\n")) {
                int octet = socket.getInputStream().read();
                if (octet < 0) {
                    return;
                }
                request += (char) octet;
            }
            var session = socket.getSession();
            String page = session.getProtocol() + " " + session.getCipherSuite() + "\n";
            socket.getOutputStream().write(page.getBytes(StandardCharsets.US_ASCII));
        } catch (IOException exception) {
            // the client's affair
        }
    }

    private static void connect(String[] words) throws Exception {
        System.setProperty(
                "jdk.tls.client.enableSessionTicketExtension",
                String.valueOf(words[5].equals("TICKET")));
        SSLContext context =
                words[4].equals("-") ? context() : context("client-" + words[4]);
        for (int number = 0; number < Integer.parseInt(words[6]); number++) {
            try {
                String page = page(context, words);
                System.out.println("page " + page.replace("\r", "").replace("\n", "|"));
            } catch (SSLException exception) {
                System.out.println("error " + exception);
            }
        }
    }

    private static String page(SSLContext context, String[] words) throws Exception {
        int port = Integer.parseInt(words[1]);
        try (var socket =
                (SSLSocket) context.getSocketFactory().createSocket("127.0.0.1", port)) {
            socket.setSoTimeout(10_000);
            socket.setEnabledProtocols(words[2].split(","));
            socket.setEnabledCipherSuites(new String[] {ownName(words[3])});
            if (words.length > 7) {
                socket.startHandshake();
                socket.startHandshake(); // of TLS 1.3: a KeyUpdate
            }
            var output = socket.getOutputStream();
            output.write("GET / HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            var answer = new ByteArrayOutputStream();
            socket.getInputStream().transferTo(answer);
            return answer.toString(StandardCharsets.US_ASCII);
        }
    }
}
